//! What the moves of a block add up to: totals of a day, and of many days.

use amparo_core::course::Count;
use amparo_core::date::{Day, Period};
use amparo_core::id::Seq;
use amparo_core::kind::State;

use super::block::{Block, Sum, Track, add};
use crate::fact::TextId;
use crate::profile::Profile;
use crate::series::{Every, Series, SeriesError, SeriesLine};
use crate::totals::{Cell, Tally, TotalsRow};

impl Block {
    /// The totals at the end of a day, by what was known at an entry of this block, with the rows of
    /// [`totals`](crate::totals::totals).
    ///
    /// Nothing for an entry that is not in this block, and for a profile with a shortest stay.
    pub fn totals(&self, known_at: Seq, as_of: Day, profile: &Profile) -> Option<Vec<TotalsRow>> {
        self.check(known_at, profile)?;
        let mut sums = self.empty_sums();
        for sum in self.known(known_at).filter(|sum| sum.day <= as_of) {
            add(&mut sums[sum.cohort as usize], sum.subjects);
        }
        Some(self.rows(&sums, profile))
    }

    /// The totals over a period, as [`series`](crate::series::series) gives them; nothing where
    /// [`totals`](Self::totals) answers nothing.
    ///
    /// # Errors
    /// [`SeriesError::TooManyPoints`].
    pub fn series(
        &self,
        known_at: Seq,
        period: Period,
        every: Every,
        profile: &Profile,
    ) -> Result<Option<Series>, SeriesError> {
        let days = every.days(period)?;
        if self.check(known_at, profile).is_none() {
            return Ok(None);
        }
        let mut known: Vec<_> = self.known(known_at).collect();
        known.sort_unstable_by_key(|sum| sum.day);
        let mut known = known.into_iter().peekable();
        let mut sums = self.empty_sums();
        let mut lines: Vec<SeriesLine> = Vec::new();
        for end in &days {
            while let Some(sum) = known.next_if(|sum| sum.day <= *end) {
                add(&mut sums[sum.cohort as usize], sum.subjects);
            }
            let rows = self.rows(&sums, profile);
            if lines.is_empty() {
                lines = rows.iter().map(|row| line(row, days.len())).collect();
            }
            // Which instruments have lines depends on no day.
            for (line, row) in lines.iter_mut().zip(rows) {
                line.totals.push(row.total);
            }
        }
        Ok(Some(Series { days, lines }))
    }

    /// Whether a question can be answered from this block.
    fn check(&self, known_at: Seq, profile: &Profile) -> Option<()> {
        let known = known_at.number().checked_sub(self.first)?;
        let has_stay = profile.shortest_stay_days() > 1;
        (known < u64::from(self.entries) && !has_stay).then_some(())
    }

    fn empty_sums(&self) -> Vec<i64> {
        vec![0; self.cohorts.values().len() + 1]
    }

    /// By how much cohorts grow from a day on, by what is known at an entry of the block.
    fn known(&self, known_at: Seq) -> impl Iterator<Item = Sum> {
        self.growth(known_at.number().saturating_sub(self.first))
    }

    /// The rows of totals, given how many are in each cohort.
    fn rows(&self, sums: &[i64], profile: &Profile) -> Vec<TotalsRow> {
        let mut tally = Tally::default();
        let cohorts = self.cohorts.values().iter().zip(&sums[1..]);
        // A log never takes more from a cohort than is in it.
        let cohorts = cohorts.filter_map(|(cohort, sum)| Some((cohort, u64::try_from(*sum).ok()?)));
        for (cohort, subjects) in cohorts.filter(|(_, subjects)| *subjects > 0) {
            let (stance, track) = (cohort.stance, cohort.track);
            let add = |state: State, one: Count| {
                let cell = match (track, state) {
                    (Track::Clemency(code), State::Clemency(state)) => {
                        Cell::Clemency(TextId::new(code), state)
                    }
                    _ => Cell::Single(state),
                };
                tally.add(cell, one.times(subjects));
            };
            match track {
                Track::Named(code) => tally.open(TextId::new(code)),
                Track::Custody | Track::Case | Track::Clemency(_) => stance.each_state(add),
            }
            if track == Track::Custody {
                tally.add(Cell::Held, stance.in_any(profile.states()).times(subjects));
            }
        }
        tally.rows(|code| self.instrument(code.number()), profile, &[])
    }
}

/// The line of a row, without totals yet.
fn line(row: &TotalsRow, days: usize) -> SeriesLine {
    SeriesLine {
        axis: row.axis,
        state: row.state.clone(),
        instrument: row.instrument.clone(),
        totals: Vec::with_capacity(days),
    }
}
