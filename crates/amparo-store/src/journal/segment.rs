//! Segments: the files of the journal, their names, their headers, and what the folder holds.
//!
//! A segment is named by the sequence of its first entry. Its raw form (`.log`) is appended to;
//! its sealed form (`.zst`) is written once, when it is full. Both may be there for a moment, and
//! then hold the same batches; readers take the raw one.
//!
//! Refuses to guess: a name that is not exactly a segment's is none.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::damage::Damage;
use super::frame::{read_u32, read_u64};
use super::{LedgerId, Root, SEQUENCE_MAX};
use crate::files::Files;

const SEGMENT_MAGIC: [u8; 8] = *b"AMPAROJ\xff";
pub(super) const SEGMENT_HEADER_BYTES: usize = 76;
/// The format of segments and frames that this program writes, and the only one it reads.
pub(super) const FORMAT_VERSION: u16 = 1;
const NAME_DIGITS: usize = 20;

/// The ending of files that are still being written; a writer that finds one removes it.
const TEMPORARY: &str = ".tmp";

/// The two forms of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Batch frames as they were appended.
    Raw = 1,
    /// Block frames.
    Sealed = 2,
}

impl Form {
    /// The name of the segment's file in this form.
    pub(super) fn file_name(self, first_seq: u64) -> String {
        let ending = match self {
            Self::Raw => "log",
            Self::Sealed => "zst",
        };
        format!("{first_seq:0NAME_DIGITS$}.{ending}")
    }

    pub(super) fn path(self, folder: &Path, first_seq: u64) -> PathBuf {
        folder.join(self.file_name(first_seq))
    }

    /// Where the file is written before it takes its name.
    pub(super) fn temporary_path(self, folder: &Path, first_seq: u64) -> PathBuf {
        folder.join(self.file_name(first_seq) + TEMPORARY)
    }

    fn parse_name(name: &str) -> Option<(u64, Self)> {
        let (digits, ending) = name.split_once('.')?;
        let form = match ending {
            "log" => Self::Raw,
            "zst" => Self::Sealed,
            _ => return None,
        };
        let first_seq = digits.parse().ok()?;
        (first_seq <= SEQUENCE_MAX && form.file_name(first_seq) == name)
            .then_some((first_seq, form))
    }
}

/// The first bytes of a segment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) form: Form,
    pub(super) ledger_id: LedgerId,
    pub(super) first_seq: u64,
    /// The root of the log before the segment's first entry.
    pub(super) root_before: Root,
}

/// Why a segment header cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadSegmentHeader {
    Damaged,
    OtherVersion(u16),
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[0..8].copy_from_slice(&SEGMENT_MAGIC);
        bytes[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[10] = self.form as u8;
        bytes[16..32].copy_from_slice(&self.ledger_id);
        bytes[32..40].copy_from_slice(&self.first_seq.to_le_bytes());
        bytes[40..72].copy_from_slice(&self.root_before);
        let checksum = crc32fast::hash(&bytes[..72]);
        bytes[72..76].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BadSegmentHeader> {
        let parse = |bytes: &[u8; SEGMENT_HEADER_BYTES]| {
            let sound = bytes[..8] == SEGMENT_MAGIC
                && crc32fast::hash(&bytes[..72]) == read_u32(bytes, 72)?;
            let version = u16::from_le_bytes([bytes[8], bytes[9]]);
            let form = match bytes[10..16] {
                [1, 0, 0, 0, 0, 0] => Some(Form::Raw),
                [2, 0, 0, 0, 0, 0] => Some(Form::Sealed),
                _ => None,
            };
            let header = Self {
                form: form.or((version != FORMAT_VERSION).then_some(Form::Raw))?,
                ledger_id: *bytes.get(16..)?.first_chunk()?,
                first_seq: read_u64(bytes, 32)?,
                root_before: *bytes.get(40..)?.first_chunk()?,
            };
            sound.then_some((version, header))
        };
        match bytes.first_chunk().and_then(parse) {
            Some((FORMAT_VERSION, header)) => Ok(header),
            Some((version, _)) => Err(BadSegmentHeader::OtherVersion(version)),
            None => Err(BadSegmentHeader::Damaged),
        }
    }
}

/// What is wrong with the header of the file of this name and form; `ledger_id` is that of the
/// other segments, where known.
pub(super) fn header_damage(
    header: &Result<SegmentHeader, BadSegmentHeader>,
    first_seq: u64,
    form: Form,
    ledger_id: Option<LedgerId>,
) -> Option<Damage> {
    match header {
        Err(BadSegmentHeader::Damaged) => Some(Damage::SegmentHeader),
        Err(BadSegmentHeader::OtherVersion(version)) => Some(Damage::OtherFormat(*version)),
        Ok(header) if (header.first_seq, header.form) != (first_seq, form) => {
            Some(Damage::Misnamed)
        }
        Ok(header) => ledger_id
            .is_some_and(|id| id != header.ledger_id)
            .then_some(Damage::OtherLedger),
    }
}

/// One segment as the folder shows it: in one form, or for a moment in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) first_seq: u64,
    pub(super) is_raw: bool,
    pub(super) is_sealed: bool,
}

impl Segment {
    /// The form that is read: the raw one if it is there.
    pub(super) fn form(self) -> Form {
        if self.is_raw { Form::Raw } else { Form::Sealed }
    }
}

/// What the journal's folder holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    /// In order of sequence.
    pub(super) segments: Vec<Segment>,
    /// Files that were still being written.
    pub(super) temporary: Vec<PathBuf>,
    /// What the journal did not make.
    pub(super) unknown: Vec<OsString>,
}

impl Folder {
    pub(super) fn list(files: &dyn Files, path: &Path) -> io::Result<Self> {
        let mut folder = Self::default();
        for item in files.list(path)? {
            let name = item.name.to_str().filter(|_| !item.is_folder);
            let unfinished = name.and_then(|name| name.strip_suffix(TEMPORARY));
            if let Some((first_seq, form)) = name.and_then(Form::parse_name) {
                folder.add(first_seq, form);
            } else if unfinished.and_then(Form::parse_name).is_some() {
                folder.temporary.push(path.join(&item.name));
            } else {
                folder.unknown.push(item.name);
            }
        }
        Ok(folder)
    }

    /// Names come in order, so the two forms of a segment follow each other.
    fn add(&mut self, first_seq: u64, form: Form) {
        let is_new = self
            .segments
            .last()
            .is_none_or(|last| last.first_seq != first_seq);
        if is_new {
            self.segments.push(Segment {
                first_seq,
                is_raw: false,
                is_sealed: false,
            });
        }
        if let Some(segment) = self.segments.last_mut() {
            segment.is_raw |= form == Form::Raw;
            segment.is_sealed |= form == Form::Sealed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::RealFiles;

    fn header() -> SegmentHeader {
        SegmentHeader {
            form: Form::Sealed,
            ledger_id: [1; 16],
            first_seq: 49,
            root_before: [2; 32],
        }
    }

    #[test]
    fn a_segment_header_reads_back_and_no_bit_of_it_can_flip_unseen() {
        let bytes = header().encode();
        assert_eq!(SegmentHeader::decode(&bytes), Ok(header()));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                SegmentHeader::decode(&flipped),
                Err(BadSegmentHeader::Damaged)
            );
        }
        assert_eq!(
            SegmentHeader::decode(&bytes[..75]),
            Err(BadSegmentHeader::Damaged)
        );
    }

    #[test]
    fn a_header_of_a_later_format_is_told_from_a_damaged_one() {
        let mut bytes = header().encode();
        bytes[8] = 2;
        bytes[10] = 9;
        let checksum = crc32fast::hash(&bytes[..72]);
        bytes[72..].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(
            SegmentHeader::decode(&bytes),
            Err(BadSegmentHeader::OtherVersion(2))
        );
    }

    #[test]
    fn only_the_exact_names_of_segments_are_taken_for_segments() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "00000000000000000000.log",
            "00000000000000000000.zst",
            "00000000000000000049.log",
            "00000000000000000049.zst.tmp",
            "0000000000000000049.log",
            "+0000000000000000049.log",
            "00000000000000000049.LOG",
            "99999999999999999999.log",
            "notes.txt",
        ];
        for name in names {
            RealFiles.create_file(&folder.path().join(name)).unwrap();
        }
        RealFiles
            .create_folder(&folder.path().join("00000000000000000050.log"))
            .unwrap();
        let found = Folder::list(&RealFiles, folder.path()).unwrap();
        let expected = [
            Segment {
                first_seq: 0,
                is_raw: true,
                is_sealed: true,
            },
            Segment {
                first_seq: 49,
                is_raw: true,
                is_sealed: false,
            },
        ];
        assert_eq!(found.segments, expected);
        assert_eq!(
            found.temporary,
            [folder.path().join("00000000000000000049.zst.tmp")]
        );
        assert_eq!(found.unknown.len(), 6);
    }
}
