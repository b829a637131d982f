//! Reads the parts of an event that have fields of their own: openings, instruments, claims,
//! profiles, publications and sources.

use chrono_tz::Tz;

use crate::date::Day;
use crate::event::{
    Claim, Exclusion, Instrument, Opening, Profile, Publication, PublishedHead, PublishedNumber,
};
use crate::fault::{Problem, Rule};
use crate::id::{LedgerId, Seq};
use crate::kind::{Axis, CustodyState};
use crate::limit;
use crate::read::{EventReader, code, uuid};
use crate::reader::Reader;
use crate::value::{Credibility, Quantity, Source};
use crate::word::Word as _;

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
        const QUANTITY: &str = "{\"low\":600,\"high\":700}, with equal bounds for an exact number, \
                                `low` alone for \"at least\"";
        let (claimant, measure) = (r.text("claimant"), r.word("measure"));
        let quantity = r.object("quantity", false, QUANTITY, |r| {
            let low = r.whole("low", limit::QUANTITY_MAX);
            let high = r.whole("high", limit::QUANTITY_MAX);
            let approximate = r.flag("approximate");
            r.finish(&["low", "high", "approximate"], |_| None);
            if (r.has("low") && low.is_none()) || (r.has("high") && high.is_none()) {
                return None;
            }
            Quantity::new(low, high, approximate)
                .map_err(|error| {
                    let problem = Problem::new(Rule::Malformed, error.to_string());
                    r.fault("", problem.remedy(format!("write {QUANTITY}")));
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

    pub(super) fn profile(&mut self, r: &mut Reader<'_, '_>) -> Option<Profile> {
        let name = code(r, "name");
        if let Some(name) = &name
            && Profile::BUILT_IN.contains(&name.as_str())
        {
            let message = format!("the profile `{name}` is built in, and stays what it is");
            r.fault(
                "name",
                Problem::new(Rule::Contradiction, message).remedy("choose another name"),
            );
        }
        let version = version(r, "version");
        let states = r.words::<CustodyState>("states");
        let stay = r.whole("shortest_stay_days", limit::STAY_DAYS_MAX);
        Some(Profile {
            name: name?,
            version: version?,
            states: states?,
            shortest_stay_days: stay,
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
        let sha256 = r.parsed("sha256", limit::TEXT_BYTES_MAX, sha256);
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

/// A version of a profile, from 1.
fn version(r: &mut Reader<'_, '_>, name: &str) -> Option<u64> {
    let version = r.whole(name, limit::VERSION_MAX);
    if version == Some(0) {
        r.fault(name, Problem::new(Rule::Malformed, "versions count from 1"));
        return None;
    }
    version
}

pub(crate) fn publication(r: &mut Reader<'_, '_>) -> Option<Publication> {
    let (figure, query) = (r.text("figure"), r.texts("query", limit::TEXT_BYTES_MAX));
    let as_of = r.parsed("as_of", limit::TEXT_BYTES_MAX, |text| {
        text.parse::<Day>()
            .map_err(|_| Problem::new(Rule::BadDate, "this is no day").remedy("write 2026-02-20"))
    });
    let known_at = r.whole("known_at", u64::MAX).map(Seq::new);
    let profile = code(r, "profile");
    let profile_version = version(r, "profile_version");
    let numbers = r.objects_up_to("numbers", limit::NUMBERS_MAX, published_number);
    let head = r.object("head", false, "{\"size\":...,\"root\":...}", |r| {
        r.require(&["size", "root"], || "a head".to_owned());
        let size = r.whole("size", u64::MAX);
        let root = r.parsed("root", limit::TEXT_BYTES_MAX, sha256);
        r.finish(&["size", "root"], |_| None);
        Some(PublishedHead {
            size: size?,
            root: root?,
        })
    });
    if let (Some(known_at), Some(head)) = (known_at, &head)
        && known_at.number() >= head.size
    {
        let message = format!(
            "{known_at} is not among the {} entries of `head`",
            head.size
        );
        r.fault("known_at", Problem::new(Rule::Contradiction, message));
    }
    Some(Publication {
        figure: figure?,
        query,
        as_of: as_of?,
        known_at: known_at?,
        profile: profile?,
        profile_version: profile_version?,
        numbers,
        head: head?,
    })
}

fn published_number(r: &mut Reader<'_, '_>) -> Option<PublishedNumber> {
    const FIELDS: [&str; 7] = ["axis", "state", "instrument", "by", "low", "count", "high"];
    r.require(&["axis", "state", "low", "count", "high"], || {
        "a number".to_owned()
    });
    let axis = r.parsed("axis", limit::TEXT_BYTES_MAX, |text| {
        let known = text == "profile" || Axis::from_word(text).is_some();
        let problem = || Problem::new(Rule::UnknownWord, "this is no axis");
        known.then(|| text.into()).ok_or_else(problem)
    });
    let state = r.text("state");
    let instrument = code(r, "instrument");
    let by = r.objects_up_to("by", limit::GROUPINGS_MAX, |r| {
        r.require(&["grouping"], || "a grouping".to_owned());
        let (grouping, value) = (r.text("grouping"), r.text("value"));
        r.finish(&["grouping", "value"], |_| None);
        Some((grouping?, value))
    });
    let [low, count, high] = ["low", "count", "high"].map(|name| r.whole(name, u64::MAX));
    r.finish(&FIELDS, |_| None);
    if low > count || count > high {
        let problem = Problem::new(Rule::Malformed, "`low`, `count` and `high` never fall");
        r.fault("count", problem);
    }
    Some(PublishedNumber {
        axis: axis?,
        state: state?,
        instrument,
        by,
        low: low?,
        count: count?,
        high: high?,
    })
}

fn sha256(text: &str) -> Result<Box<str>, Problem> {
    let lower = text.to_ascii_lowercase();
    let sound = lower.len() == 64 && lower.bytes().all(|b| b.is_ascii_hexdigit());
    let problem = || Problem::new(Rule::Malformed, "a SHA-256 is 64 hex digits");
    sound.then(|| lower.into()).ok_or_else(problem)
}
