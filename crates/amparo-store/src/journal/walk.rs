//! Walks through the whole journal: the one way in which it is read, whether to serve, to verify
//! or to salvage.
//!
//! Adds to the walk of each segment what holds between them: one ledger, no missing segment,
//! roots that continue, recording times that never go back.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::damage::{Damage, Finding, Lost};
use super::frame::Batch;
use super::segment::{Folder, Form, SEGMENT_HEADER_BYTES, Segment};
use super::segment_walk::{End, SegmentWalk, Step};
use super::window::Unreadable;
use super::{LedgerId, Root};
use crate::files::Files;

/// What a walk is to pass through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    /// Begins with the batch that holds this entry.
    pub(super) from_seq: u64,
    /// Ends before this entry, and takes anything less for damage; `None`: as far as there is.
    pub(super) until_seq: Option<u64>,
    pub(super) unreadable: Unreadable,
}

#[derive(Debug)]
pub(super) struct Walk {
    files: Arc<dyn Files>,
    folder: PathBuf,
    route: Route,
    segments: VecDeque<Segment>,
    current: Option<SegmentWalk>,
    ready: VecDeque<Step>,
    ledger_id: Option<LedgerId>,
    /// The root and recording time after the last batch; unknown at the start and after damage.
    root: Option<Root>,
    recorded_ms: u64,
}

impl Walk {
    pub(super) fn new(files: Arc<dyn Files>, folder: &Path, route: Route) -> io::Result<Self> {
        let listed = Folder::list(&*files, folder)?.segments;
        let mut ready = VecDeque::new();
        ready.extend(start_missing(&listed).map(Step::Damage));
        let first = listed.partition_point(|segment| segment.first_seq <= route.from_seq);
        let mut segments: VecDeque<_> = listed.into();
        segments.drain(..first.saturating_sub(1));
        Ok(Self {
            files,
            folder: folder.to_path_buf(),
            route,
            segments,
            current: None,
            ready,
            ledger_id: None,
            root: None,
            recorded_ms: 0,
        })
    }

    /// The next batch or damaged place; `None` at the end of the route.
    pub(super) fn next(&mut self) -> io::Result<Option<Step>> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                return Ok(Some(step));
            }
            let Some(current) = &mut self.current else {
                match self.segments.pop_front() {
                    Some(segment) => self.enter(segment)?,
                    None => return Ok(None),
                }
                continue;
            };
            if self
                .route
                .until_seq
                .is_some_and(|until| current.seq() >= until)
            {
                return Ok(None);
            }
            match current.next()? {
                None => self.current = None,
                Some(Step::Batch(batch)) => self.batch(batch),
                Some(step @ (Step::Damage(_) | Step::Torn(_))) => {
                    self.root = None;
                    return Ok(Some(step));
                }
            }
        }
    }

    /// Ends the walk where it is; returns what that costs.
    pub(super) fn give_up(&mut self) -> Option<Finding> {
        self.segments.clear();
        let current = self.current.take()?;
        Some(current.finding(Damage::Unreadable, Lost::From(current.seq())))
    }

    fn batch(&mut self, batch: Batch) {
        if batch.recorded_ms() < self.recorded_ms
            && let Some(current) = &self.current
        {
            let damage = Damage::RecordedBackwards {
                before_ms: self.recorded_ms,
                after_ms: batch.recorded_ms(),
            };
            let finding = Finding {
                offset: current.offset(),
                ..current.finding(damage, Lost::Nothing)
            };
            self.ready.push_back(Step::Damage(finding));
        }
        self.recorded_ms = batch.recorded_ms();
        self.root = Some(*batch.root_after());
        if batch.end_seq() > self.route.from_seq {
            self.ready.push_back(Step::Batch(batch));
        }
    }

    fn enter(&mut self, segment: Segment) -> io::Result<()> {
        let next_seq = self.segments.front().map(|next| next.first_seq);
        let end = next_seq.or(self.route.until_seq).map_or(End::Open, End::At);
        let unreadable = self.route.unreadable;
        let opened = SegmentWalk::open(&*self.files, &self.folder, segment, end, unreadable);
        let mut walk = match (opened, unreadable) {
            (Ok(walk), Unreadable::Fails | Unreadable::IsZeros) => walk,
            (Err(error), Unreadable::Fails) => return Err(error),
            (Err(_), Unreadable::IsZeros) => {
                self.ready.push_back(Step::Damage(unopened(segment, end)));
                return Ok(());
            }
        };
        let (finding, is_readable) = self.check_header(&walk, end);
        self.ready.extend(finding.map(Step::Damage));
        if is_readable {
            walk.skip_to(self.route.from_seq)?;
            self.current = Some(walk);
        }
        Ok(())
    }

    /// What is wrong with the header of a segment, and whether its frames can be read all the same.
    fn check_header(&mut self, walk: &SegmentWalk, end: End) -> (Option<Finding>, bool) {
        let root_before = self.root.take();
        if let Some(damage) = walk.header_damage(self.ledger_id) {
            let is_readable = damage == Damage::SegmentHeader;
            let is_cut = walk.len() < SEGMENT_HEADER_BYTES as u64 && end == End::Open;
            let lost = if is_readable && !is_cut {
                Lost::Nothing
            } else {
                walk.all_lost()
            };
            return (Some(walk.finding(damage, lost)), is_readable);
        }
        let Ok(header) = walk.header() else {
            return (None, true);
        };
        self.ledger_id = Some(header.ledger_id);
        let is_broken = root_before.is_some_and(|root| root != header.root_before);
        (
            is_broken.then(|| walk.finding(Damage::RootBroken, Lost::Nothing)),
            true,
        )
    }
}

/// The finding where the first segment is not there, or none is.
pub(super) fn start_missing(segments: &[Segment]) -> Option<Finding> {
    let Some(first) = segments.first() else {
        return Some(Finding {
            file: Form::Raw.file_name(0),
            offset: 0,
            damage: Damage::NoSegments,
            lost: Lost::From(0),
        });
    };
    (first.first_seq > 0).then(|| Finding {
        file: Form::Raw.file_name(0),
        offset: 0,
        damage: Damage::StartMissing,
        lost: Lost::Entries(0..first.first_seq),
    })
}

fn unopened(segment: Segment, end: End) -> Finding {
    let end_seq = match end {
        End::At(seq) => Some(seq),
        End::Open => None,
    };
    Finding {
        file: segment.form().file_name(segment.first_seq),
        offset: 0,
        damage: Damage::Unreadable,
        lost: Lost::up_to(segment.first_seq, end_seq),
    }
}
