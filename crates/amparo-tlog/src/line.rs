//! How numbers, bytes and hashes are spelled in the C2SP text formats.
//!
//! Refuses every second spelling: what these functions read, they would print again as the same
//! bytes.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::merkle::{HASH_LEN, Hash};

/// Writes standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads standard base64 with padding and without stray bits.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads the base64 of one hash.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    let bytes: [u8; HASH_LEN] = from_base64(text)?.try_into().ok()?;
    Some(Hash::from_bytes(bytes))
}

/// Reads an ASCII decimal without sign and without zeros in front.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    if digits && canonical {
        text.parse().ok()
    } else {
        None
    }
}

/// Writes one hash per line.
pub(crate) fn write_hashes(text: &mut impl Write, hashes: &[Hash]) -> std::fmt::Result {
    hashes
        .iter()
        .try_for_each(|hash| writeln!(text, "{}", base64(hash.as_ref())))
}

/// Cuts off the lines before the first empty line, which is left out. Nothing when there is no
/// empty line, or the lines before it are not UTF-8.
pub(crate) fn split_at_empty_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let (lines, rest) = bytes.split_at(end);
    Some((str::from_utf8(lines).ok()?, rest.get(2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        let cases = [
            ("0", Some(0)),
            ("10", Some(10)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("00", None),
            ("01", None),
            ("+1", None),
            ("-1", None),
            (" 1", None),
            ("", None),
            ("\u{661}", None),
        ];
        for (text, number) in cases {
            assert_eq!(decimal(text), number, "{text:?}");
        }
    }

    #[test]
    fn hashes_have_one_spelling() {
        let text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(hash(text), Some(crate::merkle::EMPTY_ROOT));
        let stray_bits = text.replace("FU=", "FV=");
        let url_alphabet = text.replace(['+', '/'], "-");
        let unpadded = text.trim_end_matches('=');
        for other in [
            "",
            "AA==",
            unpadded,
            &stray_bits,
            &url_alphabet,
            &format!("{text}\n"),
        ] {
            assert_eq!(hash(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_head_ends_at_the_first_empty_line() {
        assert_eq!(
            split_at_empty_line(b"a\nb\n\nc\n\nd"),
            Some(("a\nb", &b"c\n\nd"[..]))
        );
        assert_eq!(split_at_empty_line(b"a\n\n"), Some(("a", &b""[..])));
        assert_eq!(split_at_empty_line(b"a\nb\n"), None);
        assert_eq!(split_at_empty_line(b"\xff\n\n"), None);
    }
}
