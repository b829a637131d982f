//! Damage: what is wrong at which place of the journal, and which entries it costs.
//!
//! Names files, places and sequences; never a byte of an entry.

use std::fmt;
use std::ops::Range;

/// One damaged place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} at byte {offset}: {damage}; {lost}")]
pub struct Finding {
    /// The segment file, without the folder.
    pub file: String,
    /// Where the damage begins, in bytes from the start of the file.
    pub offset: u64,
    /// What is wrong there.
    pub damage: Damage,
    /// What it costs.
    pub lost: Lost,
}

/// What is wrong at a damaged place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The folder holds no segment at all.
    #[error("the journal has no segments")]
    NoSegments,
    /// The first segment there does not begin with entry 0.
    #[error("the segments before it are missing")]
    StartMissing,
    /// A sealed segment is the last one, though it was sealed only when the next existed.
    #[error("the segment after it is missing")]
    SuccessorMissing,
    /// The disk does not give the bytes back.
    #[error("the disk cannot read it")]
    Unreadable,
    /// The header of the segment is cut short or fails its checksum.
    #[error("the segment header is damaged")]
    SegmentHeader,
    /// The segment was written by a program of another format.
    #[error("the segment has format {0}, which this program does not read")]
    OtherFormat(u16),
    /// The segment is one of another ledger.
    #[error("the segment belongs to another ledger")]
    OtherLedger,
    /// The file has the name of another segment or form.
    #[error("the segment is not the one that its file name says")]
    Misnamed,
    /// The root before the segment is not the one after the entries before it.
    #[error("the segment does not continue the one before it")]
    RootBroken,
    /// The header of a frame is damaged.
    #[error("the frame header is damaged")]
    FrameHeader,
    /// The file ends within a frame.
    #[error("the frame is cut short")]
    FrameShort,
    /// The content of a frame fails its checksum.
    #[error("the frame does not match its checksum")]
    FrameChecksum,
    /// The content of a frame is not what its header says, though both checksums are right.
    #[error("the frame does not hold what its header says")]
    FrameContent,
    /// A frame is not the next one.
    #[error("expected entry e{expected}, found e{found}")]
    Sequence {
        /// The sequence that should follow.
        expected: u64,
        /// The sequence that the frame begins with.
        found: u64,
    },
    /// The segment ends before the next begins, or before the acknowledged end of the log.
    #[error("the segment ends early")]
    EndsEarly,
    /// A batch was recorded before the one that it follows.
    #[error("the recording time goes backwards, from {before_ms} to {after_ms} ms")]
    RecordedBackwards {
        /// The recording time of the batch before, in milliseconds of Unix time.
        before_ms: u64,
        /// The recording time of this batch.
        after_ms: u64,
    },
    /// The raw and the sealed form of a segment are both there and hold different batches.
    #[error("the raw and the sealed form of the segment differ")]
    FormsDiffer,
}

/// The entries that a damaged place costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// None: what is damaged is not part of an entry, or is there a second time.
    Nothing,
    /// These.
    Entries(Range<u64>),
    /// This one and all after it: nothing in the journal says how many there were.
    From(u64),
}

impl Lost {
    /// The entries from `start` up to `end`, or to an end that is not known.
    pub(super) fn up_to(start: u64, end: Option<u64>) -> Self {
        match end {
            None => Self::From(start),
            Some(end) if end <= start => Self::Nothing,
            Some(end) => Self::Entries(start..end),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(formatter, "no entry lost"),
            Self::Entries(range) if range.end == range.start.saturating_add(1) => {
                write!(formatter, "e{} lost", range.start)
            }
            Self::Entries(range) => {
                write!(
                    formatter,
                    "e{}..e{} lost",
                    range.start,
                    range.end.saturating_sub(1)
                )
            }
            Self::From(start) => write!(formatter, "e{start} and all after it lost"),
        }
    }
}

/// The end of the open segment that is not a whole frame, with no frame after it: a batch that a
/// crash interrupted, and that was never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment file, without the folder.
    pub file: String,
    /// Where the torn frame begins.
    pub offset: u64,
    /// How many bytes there are of it.
    pub bytes: u64,
    /// The sequence that its first entry would have had.
    pub first_seq: u64,
}

impl TornTail {
    /// The same place as damage, for who knows that its entries were acknowledged.
    pub(super) fn as_damage(&self, acknowledged: u64) -> Finding {
        Finding {
            file: self.file.clone(),
            offset: self.offset,
            damage: Damage::EndsEarly,
            lost: Lost::up_to(self.first_seq, Some(acknowledged)),
        }
    }
}

impl fmt::Display for TornTail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            offset,
            bytes,
            first_seq,
        } = self;
        write!(
            formatter,
            "{file} at byte {offset}: {bytes} bytes of an interrupted append (from e{first_seq}), \
             never acknowledged"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_the_file_the_place_and_the_entries() {
        let cases = [
            (Lost::up_to(49, Some(53)), "e49..e52 lost"),
            (Lost::up_to(49, Some(50)), "e49 lost"),
            (Lost::up_to(49, Some(49)), "no entry lost"),
            (Lost::up_to(49, None), "e49 and all after it lost"),
        ];
        for (lost, expected) in cases {
            let file = String::from("00000000000000000000.log");
            let finding = Finding {
                file,
                offset: 1234,
                damage: Damage::FrameChecksum,
                lost,
            };
            let place = "00000000000000000000.log at byte 1234: ";
            let damage = "the frame does not match its checksum; ";
            assert_eq!(finding.to_string(), format!("{place}{damage}{expected}"));
        }
    }
}
