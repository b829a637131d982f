//! Reads what some kinds say in fields of their own: openings, instruments and claims.

use chrono_tz::Tz;

use crate::event::{Claim, Exclusion, Instrument, Opening};
use crate::fault::{Problem, Rule};
use crate::id::LedgerId;
use crate::limit;
use crate::read::{EventReader, code, uuid};
use crate::reader::Reader;
use crate::value::Quantity;

impl EventReader<'_> {
    pub(super) fn opening(&mut self, r: &mut Reader<'_, '_>) -> Option<Opening> {
        let name = r.text("name");
        let time_zone = r.parsed("time_zone", limit::TEXT_BYTES_MAX, |text| {
            text.parse::<Tz>()
                .map_err(|_| Problem::new(Rule::Malformed, "no such time zone"))
        });
        let ledger = uuid(r, "ledger").map(LedgerId::new);
        let format = r.whole("format", u64::MAX);
        Some(Opening {
            name: name?,
            time_zone: time_zone?,
            ledger: ledger?,
            format: format?,
        })
    }

    pub(super) fn instrument(&mut self, r: &mut Reader<'_, '_>) -> Option<Instrument> {
        let instrument = code(r, "instrument");
        let (form, title) = (r.word("form"), r.text("title"));
        let (jurisdiction, adopted_by) = (r.text("jurisdiction"), r.text("adopted_by"));
        let decision_days = r.whole("decision_days", limit::DAYS_MAX);
        let exclusions = r.objects("exclusions", |r| {
            r.require(&["code", "text"], || "an exclusion".to_owned());
            let (code, text) = (code(r, "code"), r.prose("text"));
            r.finish(&["code", "text"], |_| None);
            Some(Exclusion {
                code: code?,
                text: text?,
            })
        });
        Some(Instrument {
            instrument: instrument?,
            form,
            title,
            jurisdiction,
            adopted_by,
            decision_days,
            exclusions,
        })
    }

    pub(super) fn claim(&mut self, r: &mut Reader<'_, '_>) -> Option<Claim> {
        let (claimant, measure) = (r.text("claimant"), r.word("measure"));
        let quantity = r.object("quantity", false, |r| {
            let low = r.whole("low", limit::QUANTITY_MAX);
            let high = r.whole("high", limit::QUANTITY_MAX);
            let approximate = r.flag("approximate");
            r.finish(&["low", "high", "approximate"], |_| None);
            if (r.has("low") && low.is_none()) || (r.has("high") && high.is_none()) {
                return None;
            }
            Quantity::new(low, high, approximate)
                .map_err(|error| {
                    let remedy = "write {\"low\":600,\"high\":700}, with equal bounds for an \
                                  exact number, `low` alone for \"at least\"";
                    let problem = Problem::new(Rule::Malformed, error.to_string());
                    r.fault("", problem.remedy(remedy));
                })
                .ok()
        });
        let about = self.date(r, "about");
        let (instrument, scope) = (code(r, "instrument"), r.text("scope"));
        Some(Claim {
            claimant: claimant?,
            measure: measure?,
            quantity: quantity?,
            about,
            instrument,
            scope,
        })
    }
}
