//! How far the searches of an expression look, counted, so that no log keeps a reader busy for hours.
//!
//! One search is linear, but many that each look to the end of the text are not. The engine does not tell how far it
//! looked for a match; so the automaton of the same expression goes ahead of it, byte by byte, until no better match
//! can come.

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind};

use super::super::{FormatError, Problem};
use super::layout;
use super::pattern::Pattern;

/// The sight of one expression over one text.
pub(super) struct Sight {
    ahead: Ahead,
    left: u64,
    /// What to say when nothing is left.
    too_far: FormatError,
}

enum Ahead {
    /// A layout of ours, which looks two lines far.
    Near,
    /// Any other expression.
    Counted(Box<(DFA, Cache)>),
    /// One that no automaton can go ahead of: each search counts as if it looked to the end.
    Unknown,
}

impl Sight {
    /// Each byte may be looked at so many times on average.
    const LOOKS_MAX: u64 = 64;
    /// A text shorter than this is granted what one of this length is.
    const LENGTH_MIN: u64 = 1 << 18;

    /// `which` is what the expression is for.
    pub(super) fn of(which: &'static str, pattern: &Pattern, text: &str) -> Sight {
        // Cannot wrap: the text has fewer than 2^32 bytes.
        let bytes_max = (text.len() as u64).max(Sight::LENGTH_MIN) * Sight::LOOKS_MAX;
        let ahead = if layout::is_known(&pattern.source) {
            Ahead::Near
        } else {
            automaton(&pattern.translated).map_or(Ahead::Unknown, |dfa| {
                let cache = dfa.create_cache();
                Ahead::Counted(Box::new((dfa, cache)))
            })
        };
        let (source, problem) = (&pattern.source, Problem::FarSighted { which, bytes_max });
        Sight {
            ahead,
            left: bytes_max,
            too_far: FormatError::new(pattern.line, source, 0..source.len(), problem),
        }
    }

    /// Counts what a search from `at` looks at.
    pub(super) fn look(&mut self, text: &str, at: usize) -> Result<(), FormatError> {
        let rest = (text.len() - at) as u64;
        let looked = match &mut self.ahead {
            Ahead::Near => 0,
            Ahead::Unknown => rest,
            Ahead::Counted(automaton) => {
                let (dfa, cache) = &mut **automaton;
                looked(dfa, cache, text, at, self.left).unwrap_or(rest)
            }
        };
        self.left = self.left.checked_sub(looked).ok_or_else(|| self.too_far.clone())?;
        Ok(())
    }
}

fn automaton(translated: &str) -> Option<DFA> {
    const BYTES_MAX: usize = 4 << 20;
    let config = DFA::config()
        .match_kind(MatchKind::LeftmostFirst)
        .cache_capacity(BYTES_MAX)
        .skip_cache_capacity_check(true)
        // Right as long as the text is ASCII; where it is not, the automaton gives up.
        .unicode_word_boundary(true);
    DFA::builder()
        .configure(config)
        .syntax(syntax::Config::new().multi_line(true).nest_limit(100))
        .thompson(thompson::Config::new().nfa_size_limit(Some(BYTES_MAX)))
        .build(translated)
        .ok()
}

/// After how many bytes the search from `at` is decided, or one more than `looked_max`; `None` when it cannot tell.
fn looked(dfa: &DFA, cache: &mut Cache, text: &str, at: usize, looked_max: u64) -> Option<u64> {
    let mut state = dfa.start_state_forward(cache, &Input::new(text).range(at..)).ok()?;
    let mut looked = 0;
    for &byte in &text.as_bytes()[at..] {
        // Cannot wrap: one step a byte.
        looked += 1;
        state = dfa.next_state(cache, state, byte).ok()?;
        if state.is_dead() || looked > looked_max {
            break;
        }
        if state.is_quit() {
            return None;
        }
    }
    Some(looked)
}
