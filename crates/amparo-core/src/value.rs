//! The values that fields hold: places, quantities, sources and the closed vocabularies.

use std::fmt;

use crate::limit;
use crate::word::vocabulary;

vocabulary! {
    /// What kind of voice a source is.
    SourceKind, "source kind" {
        Official = "official",
        Ngo = "ngo",
        Media = "media",
        Family = "family",
        Lawyer = "lawyer",
        Court = "court",
        Witness = "witness",
        List = "list",
    }
}

vocabulary! {
    /// How reliable a source is: the Admiralty grade. `F` means that it cannot be judged, and is
    /// not the lowest of the scale.
    Reliability, "reliability grade" { A = "A", B = "B", C = "C", D = "D", E = "E", F = "F" }
}

vocabulary! {
    /// On what ground somebody was let go.
    Basis, "basis" {
        Instrument = "instrument",
        CourtOrder = "court-order",
        SentenceServed = "sentence-served",
        NoCharge = "no-charge",
        Medical = "medical",
        Exchange = "exchange",
        Unknown = "unknown",
    }
}

vocabulary! {
    /// On what ground somebody's private fields were erased.
    ErasureBasis, "erasure basis" {
        /// Whoever agreed to be recorded no longer does.
        ConsentWithdrawn = "consent-withdrawn",
        /// Keeping the fields puts somebody at risk.
        Danger = "danger",
        /// The law on personal data gives a right to it.
        DataProtection = "data-protection",
        /// A court has ordered it.
        CourtOrder = "court-order",
        /// They should never have been recorded.
        Mistake = "mistake",
    }
}

vocabulary! {
    /// Whose court it is.
    Jurisdiction, "jurisdiction" { Civil = "civil", Military = "military" }
}

vocabulary! {
    /// What form clemency takes.
    Form, "form" { Amnesty = "amnesty", Pardon = "pardon", Commutation = "commutation" }
}

vocabulary! {
    /// What a claimed number counts.
    Measure, "measure" {
        Held = "held",
        Arrests = "arrests",
        Releases = "releases",
        ConditionalReleases = "conditional-releases",
        Exits = "exits",
        Deaths = "deaths",
        ClemencyRequests = "clemency-requests",
        ClemencyGrants = "clemency-grants",
        ClemencyRefusals = "clemency-refusals",
    }
}

/// How credible one report is: the Admiralty grade from 1 to 6. 6 means that it cannot be judged,
/// and is not the lowest of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credibility(u8);

impl Credibility {
    /// The grade of this number; `None` outside 1 to 6.
    pub fn new(grade: u64) -> Option<Self> {
        u8::try_from(grade)
            .ok()
            .filter(|grade| (1..=6).contains(grade))
            .map(Self)
    }

    /// The grade as a number from 1 to 6.
    pub fn grade(self) -> u8 {
        self.0
    }
}

/// Who says so, and where it can be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Who published or told it.
    pub publisher: Box<str>,
    /// What kind of voice that is.
    pub kind: SourceKind,
    /// Where it can be read.
    pub url: Option<Box<str>>,
    /// When it was published, as an EDTF date.
    pub published: Option<Box<str>>,
    /// What it is called.
    pub title: Option<Box<str>>,
    /// SHA-256 of the document that was kept, in lower-case hex.
    pub sha256: Option<Box<str>>,
    /// How reliable the source is.
    pub reliability: Option<Reliability>,
    /// How credible this report of it is.
    pub credibility: Option<Credibility>,
}

/// Where: the parts of a place from the widest to the narrowest, `VE:Caracas:El Helicoide`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(Box<str>);

impl Place {
    /// Checks a place: 1 to 8 parts between colons, none of them empty or padded.
    ///
    /// Answers `None` for anything else.
    pub fn new(text: &str) -> Option<Self> {
        let parts = text.split(':').count();
        let sound = text
            .split(':')
            .all(|part| !part.is_empty() && part.trim() == part);
        (sound && parts <= limit::PLACE_PARTS_MAX && text.len() <= limit::TEXT_BYTES_MAX)
            .then(|| Self(text.into()))
    }

    /// The place as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this place is the other or lies in it: `VE:Caracas` lies in `VE`.
    pub fn lies_in(&self, wider: &Place) -> bool {
        self.0
            .strip_prefix(&*wider.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }

    /// The place cut to its first parts.
    pub fn to_depth(&self, parts: usize) -> &str {
        match self.0.match_indices(':').nth(parts.saturating_sub(1)) {
            Some((end, _)) => &self.0[..end],
            None => &self.0,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A number that somebody stated: exact, about, at least, at most, or a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity {
    low: Option<u64>,
    high: Option<u64>,
    approximate: bool,
}

/// Why two bounds are no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Neither `low` nor `high`.
    #[error("a quantity needs `low`, `high` or both")]
    Empty,
    /// `low` is above `high`.
    #[error("`low` is above `high`")]
    Crossed,
    /// Above the limit.
    #[error("a quantity goes up to {max}", max = limit::QUANTITY_MAX)]
    TooLarge,
}

impl Quantity {
    /// A quantity from its bounds.
    ///
    /// Equal bounds are exact; `low` alone is "at least", or "about" when approximate; `high`
    /// alone is "at most".
    ///
    /// # Errors
    /// [`QuantityError`] when there is no bound, they cross, or one is above the limit.
    pub fn new(
        low: Option<u64>,
        high: Option<u64>,
        approximate: bool,
    ) -> Result<Self, QuantityError> {
        match (low, high) {
            (None, None) => return Err(QuantityError::Empty),
            (Some(low), Some(high)) if low > high => return Err(QuantityError::Crossed),
            _ => {}
        }
        if low
            .max(high)
            .is_some_and(|bound| bound > limit::QUANTITY_MAX)
        {
            return Err(QuantityError::TooLarge);
        }
        Ok(Self {
            low,
            high,
            approximate,
        })
    }

    /// The stated lower bound.
    pub fn low(&self) -> Option<u64> {
        self.low
    }

    /// The stated upper bound.
    pub fn high(&self) -> Option<u64> {
        self.high
    }

    /// Whether the speaker said "about".
    pub fn is_approximate(&self) -> bool {
        self.approximate
    }

    /// Reads the spellings of the command line: `379`, `~650`, `about 650`, `420+`, `>420`,
    /// `600..700`, `<=50`.
    ///
    /// `>420` is "more than", so it reads as at least 421. Answers `None` for anything else.
    pub fn from_spelling(text: &str) -> Option<Self> {
        let text = text.trim();
        let about = ["about ", "~"]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix));
        let approximate = about.is_some();
        let text = about.unwrap_or(text).trim();
        let number = |digits: &str| digits.trim().replace([',', '_'], "").parse::<u64>().ok();
        let (low, high) = if let Some((low, high)) = text.split_once("..") {
            (Some(number(low)?), Some(number(high)?))
        } else if let Some(low) = text.strip_suffix('+').or_else(|| text.strip_prefix(">=")) {
            (Some(number(low)?), None)
        } else if let Some(high) = text.strip_prefix("<=") {
            (None, Some(number(high)?))
        } else if let Some(low) = text.strip_prefix('>') {
            (Some(number(low)?.checked_add(1)?), None)
        } else if let Some(high) = text.strip_prefix('<') {
            (None, Some(number(high)?.checked_sub(1)?))
        } else {
            let exact = number(text)?;
            (Some(exact), (!approximate).then_some(exact))
        };
        Self::new(low, high, approximate).ok()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.approximate { "about " } else { "" };
        let text = match (self.low, self.high) {
            (Some(low), Some(high)) if low == high => format!("{about}{low}"),
            (Some(low), Some(high)) => format!("{about}{low}..{high}"),
            (Some(low), None) if self.approximate => format!("about {low}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {about}{high}"),
            (None, None) => String::new(),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_back_from_their_spellings() {
        for (text, shown) in [
            ("379", Some("379")),
            ("11,000", Some("11000")),
            ("~650", Some("about 650")),
            ("about 650", Some("about 650")),
            ("420+", Some("at least 420")),
            (">420", Some("at least 421")),
            ("<=5", Some("at most 5")),
            ("600..700", Some("600..700")),
            ("about 100..999", Some("about 100..999")),
            ("7..3", None),
            ("many", None),
            ("", None),
            ("<0", None),
            ("1000000001", None),
        ] {
            let read = Quantity::from_spelling(text).map(|quantity| quantity.to_string());
            assert_eq!(read.as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn bounds_may_meet_but_not_cross() {
        assert!(Quantity::new(Some(3), Some(3), false).is_ok());
        assert_eq!(
            Quantity::new(Some(4), Some(3), false),
            Err(QuantityError::Crossed)
        );
        assert_eq!(Quantity::new(None, None, true), Err(QuantityError::Empty));
        let above = Some(limit::QUANTITY_MAX + 1);
        assert_eq!(
            Quantity::new(None, above, false),
            Err(QuantityError::TooLarge)
        );
        assert!(Quantity::new(None, Some(limit::QUANTITY_MAX), false).is_ok());
    }

    #[test]
    fn a_place_lies_in_its_wider_places_only() {
        let place = |text| Place::new(text).unwrap();
        let cell = place("VE:Caracas:El Helicoide");
        for (wider, inside) in [
            ("VE", true),
            ("VE:Caracas", true),
            ("VE:Caracas:El Helicoide", true),
            ("VE:Car", false),
            ("VE:Caracas:El Helicoide:4", false),
        ] {
            assert_eq!(cell.lies_in(&place(wider)), inside, "{wider}");
        }
        assert_eq!(cell.to_depth(1), "VE");
        assert_eq!(cell.to_depth(2), "VE:Caracas");
        assert_eq!(cell.to_depth(9), "VE:Caracas:El Helicoide");
        for bad in ["", ":", "VE:", "VE: Caracas", "a:b:c:d:e:f:g:h:i"] {
            assert_eq!(Place::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn credibility_runs_from_1_to_6() {
        assert!(Credibility::new(0).is_none());
        assert_eq!(Credibility::new(6).map(Credibility::grade), Some(6));
        assert!(Credibility::new(7).is_none());
        assert!(Credibility::new(257).is_none());
    }
}
