//! How much of a text fits, as far as that can be known without its font.

use constellation_trace::one_line;

/// About how wide a letter is in tenths of a unit, in letters of so many units: wide enough for most fonts.
fn letter_width(letter: char, size: u32) -> u32 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')' | '[' | ']' => size * 4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => size * 9,
        'A'..='Z' | '_' | '=' | '+' | '<' | '>' | '→' => size * 7,
        _ if letter.is_ascii() => size * 6,
        _ => size * 10,
    }
}

/// About how wide a text is, in letters of so many units.
pub(crate) fn width(text: &str, size: u32) -> u32 {
    // Saturating: a text may be as long as memory allows.
    text.chars().fold(0, |sum: u32, letter| sum.saturating_add(letter_width(letter, size))) / 10
}

/// A text on one line that is no wider than `room`: what does not fit is left out, and an ellipsis says so.
pub(crate) fn cut(text: &str, room: u32, size: u32) -> String {
    // Of a long text only the beginning can fit, so no more is looked at.
    let start: String = text.chars().take(room as usize + 1).collect();
    let line = one_line(&start);
    if line.chars().count() <= room as usize && width(&line, size) <= room {
        return line.into_owned();
    }
    let mut left = room.saturating_sub(size) * 10;
    let fits = line.chars().take_while(|letter| {
        let is_room = letter_width(*letter, size) <= left;
        left = left.saturating_sub(letter_width(*letter, size));
        is_room
    });
    let mut kept: String = fits.collect();
    kept.truncate(kept.trim_end().len());
    kept + "…"
}

/// More lines than that are left out, and an ellipsis says so.
const LINES_MAX: usize = 4;

/// A text in lines that are no wider than `room`; a word that is wider is cut.
pub(crate) fn wrap(text: &str, room: u32, size: u32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&joined, size) <= room {
            line = joined;
            continue;
        }
        if lines.len() + 1 == LINES_MAX {
            lines.push(cut(&joined, room, size));
            return lines;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line = cut(word, room, size);
    }
    lines.push(line);
    lines
}

/// A command in lines of so many letters, broken anywhere, so that it can be copied; of a very long one the end is left out,
/// and an ellipsis says so.
pub(crate) fn broken(command: &str) -> Vec<String> {
    const LETTERS: usize = 112;
    const LINES_MAX: usize = 8;
    let letters: Vec<char> = command.chars().take(LETTERS * LINES_MAX + 1).collect();
    let mut lines: Vec<String> =
        letters.chunks(LETTERS).take(LINES_MAX).map(|line| line.iter().collect()).collect();
    if let (true, Some(last)) = (letters.len() > LETTERS * LINES_MAX, lines.last_mut()) {
        last.push('…');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_it_does_not_fit_and_says_so() {
        assert_eq!(cut("pacific", 100, 12), "pacific");
        assert_eq!(cut("pacific pacific", 60, 12), "pacific…");
        let long = "a".repeat(1 << 16);
        assert!(width(&cut(&long, 300, 12), 12) <= 300);
        assert_eq!(wrap("one two three", 40, 12), ["one", "two", "three"]);
        assert_eq!(wrap(&"word ".repeat(500), 300, 12).len(), LINES_MAX);
    }
}
