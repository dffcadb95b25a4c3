//! What stays of a finding when the code around it moves: its rule, its function, and its text without layout.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::source::Source;

/// What two findings have in common that are one: the rule, the name of the function around it, and the text of the span
/// without comments and layout. Neither the line nor the file are in it, so that moved code keeps it.
///
/// 128 bits of FNV-1a (Fowler, Noll and Vo 1991), which is no protection against somebody who wants two to be equal.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint(u128);

impl Fingerprint {
    pub(crate) fn of(rule: &str, within: &str, text: &str) -> Fingerprint {
        const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        let parts = [rule.as_bytes(), &[0], within.as_bytes(), &[0], text.as_bytes()];
        let step = |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(PRIME);
        Fingerprint(parts.into_iter().flatten().fold(BASIS, step))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Fingerprint, String> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        number.map(Fingerprint).ok_or_else(|| "a fingerprint has 32 hexadecimal digits".to_owned())
    }
}

/// The text of a span without comments in it, without blanks that part no two words, and without a comma before a bracket
/// that closes, which is where rustfmt puts one.
pub(crate) fn without_layout(source: &Source<'_>, span: &Range<usize>) -> String {
    let comments = source.comments();
    let from = comments.partition_point(|comment| comment.span.start < span.start);
    let inner = comments[from..].iter().take_while(|comment| comment.span.end < span.end);
    // A finding about a comment begins with it.
    let inner = inner.filter(|comment| comment.span.start > span.start);
    let mut text = String::new();
    let mut at = span.start;
    for comment in inner {
        push_words(&mut text, &source.text[at..comment.span.start]);
        push_words(&mut text, " ");
        at = comment.span.end;
    }
    push_words(&mut text, &source.text[at..span.end]);
    text.trim_end().to_owned()
}

fn push_words(text: &mut String, more: &str) {
    for letter in more.chars() {
        if letter.is_whitespace() {
            if text.ends_with(is_of_word) {
                text.push(' ');
            }
            continue;
        }
        if !is_of_word(letter) && text.ends_with(' ') {
            text.pop();
        }
        if matches!(letter, ')' | ']' | '}') && text.ends_with(',') {
            text.pop();
        }
        text.push(letter);
    }
}

fn is_of_word(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, without_layout};
    use crate::source::Source;

    fn bare(text: &str) -> String {
        without_layout(&Source::new(text), &(0..text.len()))
    }

    #[test]
    fn layout_is_no_part_of_it() {
        let one = bare("connect(&peer.address, mut port).await");
        assert_eq!(one, "connect(&peer.address,mut port).await");
        for other in [
            "connect(\n    &peer.address,\n    mut port,\n)\n.await",
            "connect(&peer.address, /* or 80 */ mut port) // soon\n.await",
            "connect(&peer.address, mut/**/port).await",
        ] {
            assert_eq!(bare(other), one, "{other}");
        }
        assert_ne!(bare("connect(&peer.address, port).await"), one);
    }

    #[test]
    fn what_is_printed_can_be_read() {
        let one = Fingerprint::of("reliable::connect-no-timeout", "join", "connect(peer)");
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(
            one.to_string(),
            Fingerprint::of("reliable::connect-no-timeout", "join", "connect(peer)").to_string()
        );
        assert_ne!(one, Fingerprint::of("reliable::connect-no-timeout", "joi", "nconnect(peer)"));
        for wrong in ["", "12", "+2345678901234567890123456789012", "ABCDEF78901234567890123456789012"] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }
}
