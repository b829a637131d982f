//! Every limit of the format, in one place; `FORMAT.md` lists them with the reason for each.

/// The longest entry line, and the longest draft line, in bytes: what a length of two bytes in a
/// bundle of entries can say.
pub const LINE_BYTES_MAX: usize = 64 * 1024 - 1;
/// The longest short text (a name, an authority, a title), in bytes.
pub const TEXT_BYTES_MAX: usize = 1024;
/// The longest running text (a note, a reason, grounds), in bytes.
pub const PROSE_BYTES_MAX: usize = 16 * 1024;
/// The most items in any list.
pub const LIST_ITEMS_MAX: usize = 64;
/// The most numbers of a publication.
pub const NUMBERS_MAX: usize = 512;
/// The most groupings of a published number.
pub const GROUPINGS_MAX: usize = 8;
/// The highest version of a profile.
pub const VERSION_MAX: u64 = 1_000_000;
/// The longest code, in bytes.
pub const CODE_BYTES_MAX: usize = 64;
/// The most parts of a place.
pub const PLACE_PARTS_MAX: usize = 8;
/// The longest scheme of an external reference, in bytes.
pub const SCHEME_BYTES_MAX: usize = 32;
/// The longest external reference, in bytes.
pub const EXTERNAL_BYTES_MAX: usize = 256;
/// The largest group, and the largest claimed number.
pub const QUANTITY_MAX: u64 = 1_000_000_000;
/// The longest shortest stay of a profile, in days: about a hundred years.
pub const STAY_DAYS_MAX: u64 = 36_600;
/// The longest term of a sentence, and the longest period for a decision, in days.
pub const DAYS_MAX: u64 = 366_000;
