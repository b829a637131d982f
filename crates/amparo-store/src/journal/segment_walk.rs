//! Walks through one segment: every batch that is intact, and every place that is not.
//!
//! After a damaged place the walk goes on at the next sound frame header. Invariant: from the
//! first entry of the segment to the start of the next, each entry is in exactly one batch or in
//! the `lost` of one finding; only the torn end of the open segment counts as neither.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::LedgerId;
use super::block::BlockReader;
use super::damage::{Damage, Finding, Lost, TornTail};
use super::frame::{BadFrame, Batch, FRAME_HEADER_BYTES, FRAME_MAGIC, FrameHeader, FrameKind};
use super::segment::{
    BadSegmentHeader, Form, SEGMENT_HEADER_BYTES, Segment, SegmentHeader, header_damage,
};
use super::window::{Unreadable, Window};
use crate::files::{Files, OpenMode};

/// How much of a damaged segment is searched for a frame header at a time.
const SEARCH_BYTES: usize = 64 * 1024;

/// What a walk comes upon next.
#[derive(Debug)]
pub(super) enum Step {
    Batch(Batch),
    Damage(Finding),
    Torn(TornTail),
}

/// Where a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Before this sequence; anything less is damage.
    At(u64),
    /// Where the log ends: it is the last segment.
    Open,
}

#[derive(Debug)]
pub(super) struct SegmentWalk {
    window: Window,
    blocks: BlockReader,
    form: Form,
    name_seq: u64,
    header: Result<SegmentHeader, BadSegmentHeader>,
    end: End,
    /// Where the next frame begins, and its first entry.
    offset: u64,
    seq: u64,
    /// Batches of the block before `offset`.
    ready: VecDeque<Batch>,
    is_done: bool,
}

impl SegmentWalk {
    /// Opens the raw form of a segment if it is there, else the sealed one.
    pub(super) fn open(
        files: &dyn Files,
        folder: &Path,
        segment: Segment,
        end: End,
        unreadable: Unreadable,
    ) -> io::Result<Self> {
        let first_seq = segment.first_seq;
        let open_form =
            |form: Form| SegmentWalk::open_form(files, folder, first_seq, form, end, unreadable);
        match open_form(segment.form()) {
            // Sealed since the folder was listed.
            Err(error) if segment.is_raw && error.kind() == io::ErrorKind::NotFound => {
                open_form(Form::Sealed)
            }
            opened => opened,
        }
    }

    pub(super) fn open_form(
        files: &dyn Files,
        folder: &Path,
        first_seq: u64,
        form: Form,
        end: End,
        unreadable: Unreadable,
    ) -> io::Result<Self> {
        Self::open_path(
            files,
            &form.path(folder, first_seq),
            first_seq,
            form,
            end,
            unreadable,
        )
    }

    /// As [`SegmentWalk::open_form`], for a file that does not have its name yet.
    pub(super) fn open_path(
        files: &dyn Files,
        path: &Path,
        first_seq: u64,
        form: Form,
        end: End,
        unreadable: Unreadable,
    ) -> io::Result<Self> {
        let mut window = Window::new(files.open(path, OpenMode::Read)?, unreadable)?;
        let header = SegmentHeader::decode(window.slice(0, SEGMENT_HEADER_BYTES)?);
        Ok(Self {
            window,
            blocks: BlockReader::new()?,
            form,
            name_seq: first_seq,
            header,
            end,
            offset: SEGMENT_HEADER_BYTES as u64,
            seq: first_seq,
            ready: VecDeque::new(),
            is_done: false,
        })
    }

    /// The header of the segment, or why it cannot be read.
    pub(super) fn header(&self) -> &Result<SegmentHeader, BadSegmentHeader> {
        &self.header
    }

    /// What is wrong with the header; `ledger_id` is that of the segments before.
    pub(super) fn header_damage(&self, ledger_id: Option<LedgerId>) -> Option<Damage> {
        header_damage(&self.header, self.name_seq, self.form, ledger_id)
    }

    /// Where the frame after the last step begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The length of the file.
    pub(super) fn len(&self) -> u64 {
        self.window.len()
    }

    /// The entry after the last step.
    pub(super) fn seq(&self) -> u64 {
        self.ready.front().map_or(self.seq, Batch::first_seq)
    }

    /// A finding about the segment as a whole.
    pub(super) fn finding(&self, damage: Damage, lost: Lost) -> Finding {
        self.finding_at(0, damage, lost)
    }

    /// All entries of the segment, for a finding that costs them.
    pub(super) fn all_lost(&self) -> Lost {
        Lost::up_to(self.name_seq, self.end_seq())
    }

    /// Passes over whole frames before the one that holds `seq`, by their headers alone.
    pub(super) fn skip_to(&mut self, seq: u64) -> io::Result<()> {
        while let Some(header) = self.header_at(self.offset)?
            && header.first_seq == self.seq
            && header.end_seq() <= seq
            && self.offset + header.frame_bytes() as u64 <= self.window.len()
        {
            self.pass(&header);
        }
        Ok(())
    }

    /// The next step; `None` at the end of the segment.
    pub(super) fn next(&mut self) -> io::Result<Option<Step>> {
        if let Some(batch) = self.ready.pop_front() {
            return Ok(Some(Step::Batch(batch)));
        }
        if self.is_done {
            return Ok(None);
        }
        if self.offset >= self.window.len() {
            return Ok(self.finish());
        }
        match self.header_at(self.offset)? {
            None => self.damaged(BadFrame::Header, None).map(Some),
            Some(header) => self.frame(&header).map(Some),
        }
    }

    fn finish(&mut self) -> Option<Step> {
        self.is_done = true;
        let lost = Lost::up_to(self.seq, self.end_seq());
        let damage = match (self.end, self.form) {
            (End::At(_), Form::Raw | Form::Sealed) => Damage::EndsEarly,
            (End::Open, Form::Sealed) => Damage::SuccessorMissing,
            (End::Open, Form::Raw) => return None,
        };
        (lost != Lost::Nothing).then(|| Step::Damage(self.finding_at(self.offset, damage, lost)))
    }

    fn frame(&mut self, header: &FrameHeader) -> io::Result<Step> {
        let len = header.frame_bytes();
        if self.offset + len as u64 > self.window.len() {
            return self.damaged(BadFrame::Short, Some(header));
        }
        if let Some(finding) = self.out_of_sequence(header) {
            return Ok(Step::Damage(finding));
        }
        let frame = self.window.slice(self.offset, len)?;
        let batches = match self.form {
            Form::Raw => Batch::decode(&Arc::new(frame.to_vec()), 0).map(|batch| vec![batch]),
            Form::Sealed => self.blocks.read(frame),
        };
        match batches {
            Err(bad) => self.damaged(bad, Some(header)),
            Ok(batches) => {
                self.pass(header);
                self.ready = batches.into();
                match self.ready.pop_front() {
                    Some(batch) => Ok(Step::Batch(batch)),
                    None => Err(io::ErrorKind::InvalidData.into()),
                }
            }
        }
    }

    fn pass(&mut self, header: &FrameHeader) {
        self.offset += header.frame_bytes() as u64;
        self.seq = header.end_seq();
    }

    /// A sound frame in the wrong place: after a gap it is taken next, else passed over.
    fn out_of_sequence(&mut self, header: &FrameHeader) -> Option<Finding> {
        let found = header.first_seq;
        let overlaps_next = self.end_seq().is_some_and(|end| header.end_seq() > end);
        if found == self.seq && !overlaps_next {
            return None;
        }
        let damage = Damage::Sequence {
            expected: self.seq,
            found,
        };
        if found > self.seq && !overlaps_next {
            let lost = Lost::Entries(self.seq..found);
            self.seq = found;
            return Some(self.finding_at(self.offset, damage, lost));
        }
        let finding = self.finding_at(self.offset, damage, Lost::Nothing);
        self.offset += header.frame_bytes() as u64;
        Some(finding)
    }

    /// The frame at `offset` is bad: goes on at the next sound header, if there is one.
    fn damaged(&mut self, bad: BadFrame, header: Option<&FrameHeader>) -> io::Result<Step> {
        let start = self.offset;
        let next = self.next_frame(header)?;
        if next.is_none() && self.end == End::Open && self.form == Form::Raw {
            self.is_done = true;
            return Ok(Step::Torn(TornTail {
                file: self.file_name(),
                offset: start,
                bytes: self.window.len() - start,
                first_seq: self.seq,
            }));
        }
        let (offset, seq) = match &next {
            Some((offset, header)) => (*offset, Some(header.first_seq)),
            None => (self.window.len(), self.end_seq()),
        };
        let damage = if self.window.is_zeroed_after(start) {
            Damage::Unreadable
        } else {
            Damage::from(bad)
        };
        let finding = self.finding_at(start, damage, Lost::up_to(self.seq, seq));
        self.is_done = next.is_none();
        self.offset = offset;
        self.seq = seq.unwrap_or(self.seq);
        Ok(Step::Damage(finding))
    }

    /// The first sound header after the bad frame at `offset`. Where the bad frame has a sound
    /// header itself, its length says where to look first.
    fn next_frame(&mut self, bad: Option<&FrameHeader>) -> io::Result<Option<(u64, FrameHeader)>> {
        let min_seq = bad.map_or(self.seq, FrameHeader::end_seq);
        let end_seq = self.end_seq().unwrap_or(u64::MAX);
        let is_later =
            |header: &FrameHeader| header.first_seq >= min_seq && header.end_seq() <= end_seq;
        let after = bad.map(|header| self.offset + header.frame_bytes() as u64);
        if after == Some(self.window.len()) {
            return Ok(None);
        }
        if let Some(after) = after
            && let Some(header) = self.header_at(after)?
            && is_later(&header)
        {
            return Ok(Some((after, header)));
        }
        let mut offset = self.offset + 1;
        while let Some(found) = self.search_magic(offset)? {
            if let Some(header) = self.header_at(found)?
                && is_later(&header)
            {
                return Ok(Some((found, header)));
            }
            offset = found + 1;
        }
        Ok(None)
    }

    fn search_magic(&mut self, mut offset: u64) -> io::Result<Option<u64>> {
        let magic_bytes = FRAME_MAGIC.len();
        loop {
            let bytes = self.window.slice(offset, SEARCH_BYTES)?;
            if bytes.len() < FRAME_HEADER_BYTES {
                return Ok(None);
            }
            let found = bytes
                .windows(magic_bytes)
                .position(|bytes| bytes == FRAME_MAGIC);
            if let Some(at) = found {
                return Ok(Some(offset + at as u64));
            }
            offset += (bytes.len() - magic_bytes + 1) as u64;
        }
    }

    /// The frame header at `offset`, if it is sound and of the kind that this form holds.
    fn header_at(&mut self, offset: u64) -> io::Result<Option<FrameHeader>> {
        let kind = match self.form {
            Form::Raw => FrameKind::Batch,
            Form::Sealed => FrameKind::Block,
        };
        let header = FrameHeader::decode(self.window.slice(offset, FRAME_HEADER_BYTES)?);
        Ok(header.filter(|header| header.kind == kind))
    }

    fn end_seq(&self) -> Option<u64> {
        match self.end {
            End::At(seq) => Some(seq),
            End::Open => None,
        }
    }

    fn file_name(&self) -> String {
        self.form.file_name(self.name_seq)
    }

    fn finding_at(&self, offset: u64, damage: Damage, lost: Lost) -> Finding {
        Finding {
            file: self.file_name(),
            offset,
            damage,
            lost,
        }
    }
}

impl From<BadFrame> for Damage {
    fn from(bad: BadFrame) -> Self {
        match bad {
            BadFrame::Header => Self::FrameHeader,
            BadFrame::Short => Self::FrameShort,
            BadFrame::Checksum => Self::FrameChecksum,
            BadFrame::Content => Self::FrameContent,
        }
    }
}
