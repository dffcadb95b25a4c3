//! The words of a name: `retryBackoff_ms` says retry, backoff and ms; it does not say off.

/// The words of a name, as they are written.
pub(crate) fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_alphanumeric()).flat_map(Humps::of).filter(|word| !word.is_empty())
}

/// Whether a name has this word, which is small.
pub(crate) fn same_word(name: &str, word: &str) -> bool {
    // Most names are too short, or one word.
    name.len() >= word.len() && words(name).any(|found| found.eq_ignore_ascii_case(word))
}

/// Whether a name has one of these words, which are small.
pub(crate) fn says(name: &str, known: &[&str]) -> bool {
    known.iter().any(|word| same_word(name, word))
}

/// Splits `tcpStream` and `TCPStream` before each capital that begins a word.
struct Humps<'a> {
    rest: &'a str,
}

impl<'a> Humps<'a> {
    fn of(rest: &'a str) -> Humps<'a> {
        Humps { rest }
    }
}

impl<'a> Iterator for Humps<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let is_start = |at: usize| {
            let is_small = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase);
            let is_digit = bytes[at - 1].is_ascii_digit();
            bytes[at].is_ascii_uppercase() && (is_small(at - 1) || is_digit || is_small(at + 1))
        };
        let end = (1..bytes.len()).find(|at| is_start(*at)).unwrap_or(bytes.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::{same_word, words};

    #[test]
    fn names_are_split_where_people_split_them() {
        let split = |name| words(name).collect::<Vec<_>>().join(" ");
        assert_eq!(split("retry_backoff_ms"), "retry backoff ms");
        assert_eq!(split("TcpStream"), "Tcp Stream");
        assert_eq!(split("TCPStream"), "TCP Stream");
        assert_eq!(split("HTTP_PORT"), "HTTP PORT");
        assert_eq!(split("__a__"), "a");
        assert_eq!(split("größeMax"), "größe Max");
        assert_eq!(split("e2e"), "e2e");
    }

    #[test]
    fn a_part_of_a_word_is_no_word() {
        assert!(!same_word("await", "wait"));
        assert!(same_word("wait_for_reply", "wait") && same_word("waitForReply", "reply"));
    }
}
