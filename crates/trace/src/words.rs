//! How a text that somebody else wrote stands in a line of ours: on one line, and with nothing that a terminal obeys.

use std::borrow::Cow;

/// `text` with each letter that [`is_obeyed`] written out: a line feed as `\n`, an escape as `\u{1b}`.
///
/// Costs nothing for a text without any.
///
/// ```
/// use constellation_trace::one_line;
/// assert_eq!(one_line("yaw +2.0°"), "yaw +2.0°");
/// assert_eq!(one_line("two\nlines and \u{1b}[31mred"), "two\\nlines and \\u{1b}[31mred");
/// assert_eq!(one_line("read \u{202e}sdrawkcab"), "read \\u{202e}sdrawkcab");
/// ```
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_obeyed(letter) {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
    Cow::Owned(line)
}

/// Whether a letter does something to the line that it stands in instead of being seen: control characters, what turns
/// the direction of writing (Trojan Source, CVE-2021-42574), ends of lines and paragraphs, and whatever else formats
/// and shows nothing. The two joiners, without which some scripts and pictures cannot be written, are none of these.
///
/// ```
/// use constellation_trace::is_obeyed;
/// assert!(['\n', '\u{1b}', '\u{202e}', '\u{2028}', '\u{feff}'].into_iter().all(is_obeyed));
/// assert!(!['a', ' ', 'é', 'ש', '✓', '\u{200d}'].into_iter().any(is_obeyed));
/// ```
pub fn is_obeyed(letter: char) -> bool {
    letter.is_control() || FORMATS.iter().any(|(first, last)| (*first..=*last).contains(&letter))
}

/// The format characters (Unicode 16, general category Cf) but the two joiners U+200C and U+200D, and U+2028 and U+2029.
const FORMATS: [(char, char); 21] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200b}'),
    ('\u{200e}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0020}', '\u{e007f}'),
];
