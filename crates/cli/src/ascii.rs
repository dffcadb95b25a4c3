//! What is printed where letters beyond ASCII cannot be shown.

use std::borrow::Cow;

/// A line in ASCII: each sign of ours as what is nearest to it, any other letter written out, as `\u{e9}`. Styles are left as
/// they are.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    written(text, |letter, plain| plain.extend(letter.escape_unicode()))
}

/// A line of XML in ASCII: every other letter as a reference, which is the same to whoever reads it.
pub(crate) fn xml(text: &str) -> Cow<'_, str> {
    referred(text, |letter| format!("&#x{letter:x};"))
}

/// A diagram of Mermaid in ASCII: every other letter as a code of its own.
pub(crate) fn mermaid(text: &str) -> Cow<'_, str> {
    referred(text, |letter| format!("#{letter};"))
}

fn referred(text: &str, reference: impl Fn(u32) -> String) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter.is_ascii() {
            true => plain.push(letter),
            false => plain.push_str(&reference(u32::from(letter))),
        }
    }
    Cow::Owned(plain)
}

/// JSON in ASCII: beyond it a string may have any letter written out, which is the same to whoever reads it.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if letter.is_ascii() {
            plain.push(letter);
        } else {
            let mut units = [0; 2];
            letter.encode_utf16(&mut units).iter().for_each(|unit| plain.push_str(&format!("\\u{unit:04x}")));
        }
    }
    Cow::Owned(plain)
}

fn written(text: &str, foreign: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match sign(letter) {
            _ if letter.is_ascii() => plain.push(letter),
            Some(sign) => plain.push_str(sign),
            None => foreign(letter, &mut plain),
        }
    }
    Cow::Owned(plain)
}

/// What stands for a sign that this program prints; `None` for what it does not.
const fn sign(letter: char) -> Option<&'static str> {
    Some(match letter {
        '✓' => "+",
        '✗' | '×' | '✕' => "x",
        '·' | '•' | '─' | '╌' | '━' | '–' | '—' | '−' => "-",
        '═' => "=",
        '…' => "...",
        '├' | '┤' | '┬' | '┴' | '┼' | '└' | '┘' | '┌' | '┐' => "+",
        '│' | '┃' | '▏' | '╎' => "|",
        '→' => "->",
        '←' => "<-",
        '↑' => "up",
        '↓' => "down",
        '▷' | '▶' => ">",
        '▼' => "v",
        '▲' => "^",
        '●' => "*",
        '○' | '◯' => "o",
        '↻' => "R",
        '█' => "#",
        '‖' | '∥' => "||",
        '“' | '”' | '„' => "\"",
        '‘' | '’' => "'",
        'µ' => "u",
        '²' => "^2",
        'Δ' => "delta ",
        _ => return None,
    })
}

/// Whether a terminal whose locale is said by these, in the order of their rank, shows ASCII alone: the first that is set
/// counts. Where none is, nobody knows, and UTF-8 is what terminals show.
pub(crate) fn is_plain(locale: impl IntoIterator<Item = Option<String>>) -> bool {
    let said = locale.into_iter().flatten().find(|value| !value.is_empty());
    said.is_some_and(|locale| {
        let charset = locale.split_once('.').map_or("", |(_, charset)| charset);
        let charset = charset.split('@').next().unwrap_or_default().to_ascii_lowercase();
        !["utf-8", "utf8"].contains(&&*charset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_ours_have_a_form_in_ascii_and_letters_of_others_are_written_out() {
        assert_eq!(plain("✗ violated · e1 → e2 …"), "x violated - e1 -> e2 ...");
        assert_eq!(plain("s\u{fc}dpol \u{1f6f0}"), "s\\u{fc}dpol \\u{1f6f0}");
        assert_eq!(json("\"s\u{fc}d \u{1f6f0}\""), "\"s\\u00fcd \\ud83d\\udef0\"");
        assert_eq!(xml("<a b=\"\u{fc}\"/>"), "<a b=\"&#xfc;\"/>");
        assert_eq!(mermaid("n0: s\u{fc}d #62;"), "n0: s#252;d #62;");
    }

    #[test]
    fn a_locale_that_is_not_of_utf_8_shows_ascii_alone() {
        let of =
            |values: [&str; 3]| is_plain(values.map(|value| (!value.is_empty()).then(|| value.to_owned())));
        assert!(!of(["", "", ""]), "nobody knows");
        assert!(!of(["", "", "en_US.UTF-8"]));
        assert!(!of(["", "", "de_AT.utf8@euro"]));
        assert!(of(["", "", "C"]));
        assert!(of(["", "", "de_AT.ISO-8859-15"]));
        assert!(of(["POSIX", "", "en_US.UTF-8"]), "LC_ALL counts first");
        assert!(!of(["", "C.UTF-8", "C"]), "then LC_CTYPE");
    }
}
