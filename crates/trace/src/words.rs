//! How a text that somebody else wrote stands in a line of ours: on one line, and with nothing that a terminal obeys.

use std::borrow::Cow;

/// `text` with each control character written out: a line feed as `\n`, an escape as `\u{1b}`.
///
/// Costs nothing for a text without any.
///
/// ```
/// use constellation_trace::one_line;
/// assert_eq!(one_line("yaw +2.0°"), "yaw +2.0°");
/// assert_eq!(one_line("two\nlines and \u{1b}[31mred"), "two\\nlines and \\u{1b}[31mred");
/// ```
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
    Cow::Owned(line)
}
