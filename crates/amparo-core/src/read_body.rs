//! Reads the parts of an event that have fields of their own: openings, instruments, claims and
//! sources.

use chrono_tz::Tz;

use crate::event::{Claim, Exclusion, Instrument, Opening};
use crate::fault::{Problem, Rule};
use crate::id::LedgerId;
use crate::limit;
use crate::read::{EventReader, code, uuid};
use crate::reader::Reader;
use crate::value::{Credibility, Quantity, Source};

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

    pub(super) fn source(&mut self, r: &mut Reader<'_, '_>) -> Option<Source> {
        const FIELDS: [&str; 8] = [
            "publisher",
            "kind",
            "url",
            "published",
            "title",
            "sha256",
            "reliability",
            "credibility",
        ];
        r.require(&FIELDS[..2], || "a source".to_owned());
        let (publisher, kind) = (r.text("publisher"), r.word("kind"));
        let url = r.text("url");
        let published = self.date(r, "published").map(|date| date.as_str().into());
        let title = r.text("title");
        let sha256 = r.parsed("sha256", limit::TEXT_BYTES_MAX, |text| {
            let lower = text.to_ascii_lowercase();
            let sound = lower.len() == 64 && lower.bytes().all(|b| b.is_ascii_hexdigit());
            let problem = || Problem::new(Rule::Malformed, "a SHA-256 is 64 hex digits");
            sound.then(|| lower.into()).ok_or_else(problem)
        });
        let reliability = r.word("reliability");
        let credibility = r.whole("credibility", 6);
        if credibility == Some(0) {
            let problem = Problem::new(Rule::Malformed, "credibility grades run from 1 to 6")
                .remedy("1 is confirmed, 5 improbable, 6 cannot be judged");
            r.fault("credibility", problem);
        }
        r.finish(&FIELDS, |_| None);
        Some(Source {
            publisher: publisher?,
            kind: kind?,
            url,
            published,
            title,
            sha256,
            reliability,
            credibility: credibility.and_then(Credibility::new),
        })
    }
}
