//! A run for the tools of others: as a log that ShiViz draws, as Mermaid, as a text for an issue tracker.
//!
//! Each form leaves something out, since no other tool knows all that a trace holds: [`shiviz::left_out`] and
//! [`Exported::left_out`] say what, in lines for a reader.
//!
//! | module | for what | what bounds it |
//! | --- | --- | --- |
//! | [`shiviz`] | ShiViz, and whatever else reads logs with vector clocks | nothing |
//! | [`mermaid`] | a sequence diagram in a text | [`mermaid::LETTERS_MAX`], [`mermaid::ARROWS_MAX`] |
//! | [`markdown`] | an issue: verdict, evidence, how to see it again | [`markdown::LETTERS_MAX`] |

pub mod markdown;
pub mod mermaid;
pub mod shiviz;

/// A text for another tool.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Exported {
    /// The text.
    pub text: String,
    /// What is not in it, a line each.
    pub left_out: Vec<String>,
}

/// A number with its noun: `1 event`, `2 events`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A text without its end, if it has more than so many letters.
pub(crate) fn shortened(text: &str, letters: usize) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(letters) {
        None => text.into(),
        Some(_) => text.chars().take(letters.saturating_sub(1)).chain(['…']).collect::<String>().into(),
    }
}
