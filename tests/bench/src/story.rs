//! What happens to one made-up person, and when each part of it becomes known.
//!
//! A function of the seed and the person's number alone. Proportions follow published detention
//! data: a third are taken more than once, one date in six is uncertain, one entry in fifty is
//! corrected later, and one in ten becomes known months after it happened.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// The first day of all stories, as days since 1970: 2021-01-01.
pub const FIRST_DAY: u32 = 18_628;
/// How many days the stories take: five years.
pub const DAYS: u32 = 1_826;

const GIVEN: [&str; 16] = [
    "Ana", "Luis", "Rosa", "Juan", "Elena", "Pedro", "Marta", "Diego", "Lucia", "Jorge", "Irene",
    "Pablo", "Clara", "Tomas", "Nadia", "Hugo",
];
const SYLLABLES: [&str; 16] = [
    "ka", "lo", "ri", "mu", "ta", "ne", "so", "vi", "da", "pe", "gu", "ze", "fa", "bo", "li", "cu",
];
const PLACES: [&str; 12] = [
    "VE:Caracas:El Helicoide",
    "VE:Caracas:Zona 7",
    "VE:Caracas",
    "VE:Miranda:Rodeo I",
    "VE:Miranda:Yare II",
    "VE:Carabobo:Tocuyito",
    "VE:Carabobo",
    "VE:Zulia:Maracaibo",
    "VE:Lara:Uribana",
    "VE:Aragua:Tocoron",
    "VE:Bolivar:Vista Hermosa",
    "VE:Tachira",
];
const AUTHORITIES: [&str; 5] = ["SEBIN", "DGCIM", "PNB", "GNB", "CICPC"];
const COURTS: [&str; 4] = [
    "Court 1 of Caracas",
    "Court 3 of Caracas",
    "Court 2 of Valencia",
    "Military court 5",
];
const PUBLISHERS: [(&str, &str); 6] = [
    ("Monitor Demo", "ngo"),
    ("Ministry Demo", "official"),
    ("Daily Demo", "media"),
    ("Radio Demo", "media"),
    ("Bar Demo", "lawyer"),
    ("Relatives Demo", "family"),
];
/// The code of the one instrument, which the drafts begin with.
pub const INSTRUMENT: &str = "amnesty-demo";

/// A draft and the day on which it becomes known, counted from the first.
pub struct Told {
    /// The day.
    pub day: u32,
    /// The draft, one line.
    pub line: String,
}

/// The story of a person, in the order in which it becomes known; never empty.
pub fn story(seed: u64, person: u64) -> Vec<Told> {
    let mut teller = Teller {
        rng: Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ person),
        person: format!("demo:{person:08}"),
        told: Vec::new(),
    };
    teller.tell();
    let mut told = teller.told;
    // Whoever is told of must be registered before; corrections come after what they correct.
    told.sort_by_key(|told| told.day);
    told
}

struct Teller {
    rng: Rng,
    person: String,
    told: Vec<Told>,
}

impl Teller {
    fn tell(&mut self) {
        let mut day = self.rng.u32(0..DAYS - 30);
        self.register(day);
        let stays = [1, 1, 1, 1, 2, 2, 3][self.rng.usize(0..7)];
        for _ in 0..stays {
            day = self.stay(day);
            day += self.rng.u32(5..300);
            if day >= DAYS {
                break;
            }
        }
    }

    /// A person whose first arrest becomes known on this day at the earliest.
    fn register(&mut self, day: u32) {
        let mut private = Map::new();
        private.insert("name".into(), self.name().into());
        if self.rng.u8(0..5) == 0 {
            private.insert("aliases".into(), json!([self.name()]));
        }
        if self.rng.bool() {
            private.insert("birth".into(), self.rng.u32(1950..2004).to_string().into());
        }
        let draft = json!({"kind": "person", "person": self.person, "private": private});
        self.push(day, draft);
    }

    /// One stay from its start on; the day it ends.
    fn stay(&mut self, start: u32) -> u32 {
        let place = self.one_of(&PLACES);
        let authority = self.one_of(&AUTHORITIES);
        let kind = match self.rng.u8(0..20) {
            0 => "disappearance",
            1 | 2 => "custody-observed",
            _ => "arrest",
        };
        let mut arrest = json!({"kind": kind, "place": place});
        if kind != "custody-observed" {
            arrest["authority"] = authority.into();
        }
        self.happened(start, arrest);
        let held = 1 + self.rng.u32(0..60) * self.rng.u32(1..12);
        if self.rng.u8(0..3) == 0 {
            let court = self.one_of(&COURTS);
            let jurisdiction = if court.starts_with('M') {
                "military"
            } else {
                "civil"
            };
            let offences = json!([self.one_of(&["conspiracy", "incitement", "terrorism"])]);
            let charge = json!({
                "kind": "charge", "offences": offences, "court": court,
                "jurisdiction": jurisdiction,
            });
            let later = self.rng.u32(1..5);
            self.happened(start + later, charge);
        }
        if self.rng.u8(0..8) == 0 {
            let to = self.one_of(&PLACES);
            let moved = json!({"kind": "transfer", "from": place, "place": to});
            self.happened(start + held / 2, moved);
        }
        if self.rng.u8(0..10) == 0 {
            self.clemency(start + held);
        }
        let end = match self.rng.u8(0..20) {
            // Still held.
            0..=2 => return DAYS,
            3..=5 => json!({"kind": "conditional-release", "measures": "weekly reporting"}),
            6 => json!({"kind": "house-arrest"}),
            7 => json!({"kind": "exit-unknown"}),
            _ => json!({"kind": "release", "basis": "court-order"}),
        };
        self.happened(start + held, end);
        start + held
    }

    fn clemency(&mut self, day: u32) {
        let request =
            json!({"kind": "clemency-request", "instrument": INSTRUMENT, "filed_by": "lawyer"});
        self.happened(day.saturating_sub(20), request);
        let answer = match self.rng.u8(0..4) {
            0 => return,
            1 => {
                json!({"kind": "clemency-exclusion", "instrument": INSTRUMENT, "ground": "violence"})
            }
            _ => json!({"kind": "clemency-grant", "instrument": INSTRUMENT}),
        };
        self.happened(day.saturating_sub(2), answer);
    }

    /// Something that happened on a day, if it lies within the stories: told some time after, in
    /// two percent of the cases with a date that is corrected later.
    fn happened(&mut self, day: u32, mut draft: Value) {
        if day >= DAYS {
            return;
        }
        let lag = match self.rng.u8(0..10) {
            0 => self.rng.u32(20..400),
            _ => self.rng.u32(0..4),
        };
        let told = (day + lag).min(DAYS);
        draft["person"] = self.person.clone().into();
        draft["occurred"] = self.date(day).into();
        if self.rng.u8(0..50) != 0 {
            self.push(told, draft);
            return;
        }
        let mut wrong = draft.clone();
        wrong["occurred"] = date(day.saturating_sub(self.rng.u32(1..30))).into();
        let id = self.push(told, wrong);
        draft["replaces"] = id.into();
        let corrected = told + self.rng.u32(1..200);
        self.push(corrected, draft);
    }

    fn push(&mut self, day: u32, mut draft: Value) -> String {
        let id = uuid(&mut self.rng);
        draft["id"] = id.clone().into();
        let mut sources = vec![self.source()];
        if self.rng.u8(0..4) == 0 {
            sources.push(self.source());
        }
        draft["sources"] = sources.into();
        self.told.push(Told {
            day,
            line: draft.to_string(),
        });
        id
    }

    fn source(&mut self) -> Value {
        let (publisher, kind) = self.one_of(&PUBLISHERS);
        json!({"publisher": publisher, "kind": kind})
    }

    /// A day as EDTF: most often plain, else a month, an interval or about that day.
    fn date(&mut self, day: u32) -> String {
        let plain = date(day);
        match self.rng.u8(0..24) {
            0 => plain[..7].to_owned(),
            1 => format!("{plain}~"),
            2 | 3 => format!("{}/{plain}", date(day.saturating_sub(self.rng.u32(1..10)))),
            _ => plain,
        }
    }

    fn name(&mut self) -> String {
        let given = self.one_of(&GIVEN);
        let mut family = String::new();
        for _ in 0..3 {
            family.push_str(self.one_of(&SYLLABLES));
        }
        let (first, rest) = family.split_at(1);
        format!("{given} {}{rest} Demo", first.to_uppercase())
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.rng.usize(0..all.len())]
    }
}

/// The id of an event: a UUID of version 8 that only the seed decides.
pub fn uuid(rng: &mut Rng) -> String {
    let (high, low) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

/// A day of the stories in the calendar (Hinnant's `civil_from_days`, for years after 1970).
pub fn date(day: u32) -> String {
    let since_era = FIRST_DAY + day + 719_468;
    let (era, of_era) = (since_era / 146_097, since_era % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + u32::from(month <= 2);
    format!("{year:04}-{month:02}-{of_month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (day, expect) in [
            (0, "2021-01-01"),
            (58, "2021-02-28"),
            (59, "2021-03-01"),
            (1_154, "2024-02-29"),
            (DAYS - 1, "2025-12-31"),
        ] {
            assert_eq!(date(day), expect);
        }
    }

    #[test]
    fn a_story_is_a_function_of_seed_and_person() {
        let lines = |seed, person| -> Vec<String> {
            story(seed, person)
                .into_iter()
                .map(|told| told.line)
                .collect()
        };
        assert_eq!(lines(1, 7), lines(1, 7));
        assert_ne!(lines(1, 7), lines(2, 7));
        assert_ne!(lines(1, 7), lines(1, 8));
        assert!(lines(1, 7)[0].contains("\"kind\":\"person\""));
    }
}
