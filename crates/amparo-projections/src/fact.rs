//! One entry as the read models keep it: numbers instead of texts, some tens of bytes.
//!
//! Refuses to hold running text (notes, reasons, measures, links): whoever shows an entry whole
//! reads its line from the store.

use std::num::NonZeroU32;

use amparo_core::date::Span;
use amparo_core::entry::Recorded;
use amparo_core::kind::Kind;
use amparo_core::value::{Basis, Jurisdiction, SourceKind};
use serde::{Deserialize, Serialize};

use crate::facts::packing;

/// A text of the log under a number: a publisher, an authority, a place, a court, a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TextId(NonZeroU32);

/// A person or group under a number, in the order of first mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubjectId(NonZeroU32);

/// A list of sources, or of offences, under a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListId(NonZeroU32);

/// A position among the facts in four bytes, also inside an `Option`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Position(NonZeroU32);

macro_rules! number {
    ($name:ident) => {
        impl $name {
            /// Numbers stay below `Facts::ENTRIES_MAX` times a small factor: none is lost here.
            pub(crate) fn new(number: u32) -> Self {
                Self(NonZeroU32::MIN.saturating_add(number))
            }

            /// The number, from 0.
            pub(crate) fn number(self) -> u32 {
                self.0.get() - 1
            }
        }
    };
}
number!(TextId);
number!(SubjectId);
number!(ListId);
number!(Position);

impl SubjectId {
    pub(crate) fn index(self) -> usize {
        self.number() as usize
    }
}

impl Position {
    pub(crate) fn index(self) -> usize {
        self.number() as usize
    }
}

/// Who says so: the publisher and what kind of voice it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Voice {
    /// The publisher.
    pub publisher: TextId,
    /// The kind of source.
    #[serde(with = "packing::word")]
    pub kind: SourceKind,
}

/// What an entry says beyond its kind, subject and date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Particulars {
    /// A change of custody, or a transfer.
    Custody {
        /// Who took them.
        authority: Option<TextId>,
        /// Where they are.
        place: Option<TextId>,
        /// Where a transfer started.
        from: Option<TextId>,
        /// On what ground they were let go.
        #[serde(with = "packing::maybe_word")]
        basis: Option<Basis>,
    },
    /// A change of the case.
    Case {
        /// The offences named.
        offences: Option<ListId>,
        /// The court.
        court: Option<TextId>,
        /// Civil or military.
        #[serde(with = "packing::maybe_word")]
        jurisdiction: Option<Jurisdiction>,
        /// The term of a sentence.
        term_days: Option<u32>,
    },
    /// A step under an instrument of clemency.
    Clemency {
        /// The instrument's code.
        instrument: TextId,
        /// The court.
        court: Option<TextId>,
        /// Who filed it.
        filed_by: Option<TextId>,
        /// The exclusion code.
        ground: Option<TextId>,
    },
    /// An instrument of clemency; kept whole, see [`Facts::instrument`](crate::Facts::instrument).
    Instrument {
        /// Its code.
        instrument: TextId,
        /// Which of the instruments kept.
        kept: u32,
    },
    /// A claim; kept whole, see [`Facts::claim`](crate::Facts::claim).
    Claim {
        /// Who states it.
        claimant: TextId,
        /// Which of the claims kept.
        kept: u32,
    },
    /// A group, described.
    Group {
        /// How many they are; at most `QUANTITY_MAX`, which fits.
        size: Option<u32>,
        /// What to call them.
        label: Option<TextId>,
    },
    /// A person told apart from the group that the entry is about.
    Identification {
        /// The person.
        person: SubjectId,
    },
    /// The person whom the entry is about is this one.
    Merge {
        /// The person whom the entries belong to.
        into: SubjectId,
    },
    /// A list that says nothing new.
    SourceSilent {
        /// The list.
        list: TextId,
    },
    /// A rule of who counts as held; kept whole, see [`Facts::profile`](crate::Facts::profile).
    Profile {
        /// Which of the profiles kept.
        kept: u32,
    },
    /// A published figure; kept whole, see [`Facts::publication`](crate::Facts::publication).
    Publication {
        /// Which of the publications kept.
        kept: u32,
    },
    /// Nothing that read models keep: the opening, a person, a note, a retraction, an erasure.
    None,
}

/// One entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    #[serde(with = "packing::recorded")]
    pub(crate) recorded: Recorded,
    #[serde(with = "packing::plain_day")]
    pub(crate) span: Option<Span>,
    pub(crate) subject: Option<SubjectId>,
    pub(crate) target: Option<Position>,
    pub(crate) by: TextId,
    pub(crate) voices: Option<ListId>,
    pub(crate) date: Option<TextId>,
    pub(crate) particulars: Particulars,
    #[serde(with = "packing::word")]
    pub(crate) kind: Kind,
    pub(crate) sealed_sources: bool,
}

impl Fact {
    /// The kind of the entry.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// When the ledger accepted it.
    pub fn recorded(&self) -> Recorded {
        self.recorded
    }

    /// When it happened.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// The subject that the entry is about, before merges.
    pub fn subject(&self) -> Option<SubjectId> {
        self.subject
    }

    /// The other subject that the entry names: whom was identified, or merged into.
    pub fn second_subject(&self) -> Option<SubjectId> {
        match self.particulars {
            Particulars::Identification { person } => Some(person),
            Particulars::Merge { into } => Some(into),
            Particulars::Custody { .. }
            | Particulars::Case { .. }
            | Particulars::Clemency { .. }
            | Particulars::Instrument { .. }
            | Particulars::Claim { .. }
            | Particulars::Group { .. }
            | Particulars::SourceSilent { .. }
            | Particulars::Profile { .. }
            | Particulars::Publication { .. }
            | Particulars::None => None,
        }
    }

    /// Whether it replaces or retracts another entry; which one, the facts tell.
    pub fn is_correction(&self) -> bool {
        self.target.is_some()
    }

    /// What it says beyond that.
    pub fn particulars(&self) -> &Particulars {
        &self.particulars
    }

    /// Whether some of its sources are sealed.
    pub fn has_sealed_sources(&self) -> bool {
        self.sealed_sources
    }

    /// The place it names: where somebody is, was last seen or was taken to.
    pub fn place(&self) -> Option<TextId> {
        match self.particulars {
            Particulars::Custody { place, .. } => place,
            _ => None,
        }
    }

    /// The authority it names.
    pub fn authority(&self) -> Option<TextId> {
        match self.particulars {
            Particulars::Custody { authority, .. } => authority,
            _ => None,
        }
    }

    /// The court it names.
    pub fn court(&self) -> Option<TextId> {
        match self.particulars {
            Particulars::Case { court, .. } | Particulars::Clemency { court, .. } => court,
            _ => None,
        }
    }

    /// The jurisdiction it names.
    pub fn jurisdiction(&self) -> Option<Jurisdiction> {
        match self.particulars {
            Particulars::Case { jurisdiction, .. } => jurisdiction,
            _ => None,
        }
    }

    /// The instrument it speaks of, for clemency and instruments.
    pub fn instrument(&self) -> Option<TextId> {
        match self.particulars {
            Particulars::Clemency { instrument, .. }
            | Particulars::Instrument { instrument, .. } => Some(instrument),
            _ => None,
        }
    }

    /// The exclusion ground it names.
    pub fn ground(&self) -> Option<TextId> {
        match self.particulars {
            Particulars::Clemency { ground, .. } => ground,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_takes_72_bytes() {
        assert_eq!(size_of::<Fact>(), 72);
    }
}
