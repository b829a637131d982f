//! A window on a file: reads it in large pieces, and holds one piece at a time.

use std::io;

use crate::files::OpenFile;

/// How much is read at once where less is asked for.
const READ_BYTES: usize = 256 * 1024;
/// The unit in which what a disk cannot read is passed over.
const PAGE_BYTES: usize = 4096;

/// What to do where the disk cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Fail.
    Fails,
    /// Take the page as zeros, so that what is around it can be saved.
    IsZeros,
}

#[derive(Debug)]
pub(super) struct Window {
    file: Box<dyn OpenFile>,
    len: u64,
    unreadable: Unreadable,
    start: u64,
    bytes: Vec<u8>,
    /// The last page that was taken as zeros.
    zeroed: Option<u64>,
}

impl Window {
    pub(super) fn new(mut file: Box<dyn OpenFile>, unreadable: Unreadable) -> io::Result<Self> {
        let len = file.len()?;
        Ok(Self {
            file,
            len,
            unreadable,
            start: 0,
            bytes: Vec::new(),
            zeroed: None,
        })
    }

    /// The length of the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Whether a page at or after `offset` could not be read.
    pub(super) fn is_zeroed_after(&self, offset: u64) -> bool {
        self.zeroed
            .is_some_and(|page| page + PAGE_BYTES as u64 > offset)
    }

    /// The `len` bytes at `offset`, or those up to the end of the file.
    pub(super) fn slice(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = len.min(left);
        let held = offset
            .checked_sub(self.start)
            .and_then(|at| usize::try_from(at).ok())
            .filter(|at| {
                at.checked_add(len)
                    .is_some_and(|end| end <= self.bytes.len())
            });
        let at = match held {
            Some(at) => at,
            None => {
                self.fill(offset, len.max(READ_BYTES).min(left))?;
                0
            }
        };
        let held = self.bytes.get(at..).unwrap_or_default();
        Ok(held.get(..len).unwrap_or(held))
    }

    fn fill(&mut self, offset: u64, len: usize) -> io::Result<()> {
        self.bytes.clear();
        self.bytes.resize(len, 0);
        self.start = offset;
        match (self.file.read_at(&mut self.bytes, offset), self.unreadable) {
            (Ok(read), Unreadable::Fails | Unreadable::IsZeros) => self.bytes.truncate(read),
            (Err(error), Unreadable::Fails) => {
                self.bytes.clear();
                return Err(error);
            }
            (Err(_), Unreadable::IsZeros) => self.fill_by_pages(),
        }
        Ok(())
    }

    fn fill_by_pages(&mut self) {
        let mut offset = self.start;
        for page in self.bytes.chunks_mut(PAGE_BYTES) {
            if self.file.read_at(page, offset).is_err() {
                page.fill(0);
                self.zeroed = Some(offset);
            }
            offset += page.len() as u64;
        }
    }
}
