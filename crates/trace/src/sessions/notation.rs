//! How sessions are written down in tests, documents and messages: one line each.

use std::borrow::Cow;
use std::fmt;

use super::{Access, Act, LISTS, NotationError, Outcome, Sessions, TEXTS, Timing, Transaction, Value};
use crate::ids::TransactionId;

impl Sessions {
    /// Reads a sketch: one line a session, its name first, then its transactions in order.
    ///
    /// ```text
    /// pacific   w(x,1)  r(y,nil)
    /// atlantic  {r(x,1) w(y,2)}  w(y,3)?
    /// indian    a(z,1)!  r(z,[1,2])
    /// ```
    ///
    /// `r` reads, `w` writes, `a` or `append` appends; `[1,2]` or `[1 2]` is a list. `nil` is the initial value: who writes it
    /// makes it so again, and nobody can append it. Braces make one transaction of
    /// several accesses. After it `*` marks its reads as final ([`Sessions::mark_final`]), `!` says that it is aborted, `?` that its outcome is unknown, and `@3..5` when it began
    /// and ended; `@3..` never ended. Without any `@` no times are recorded. Names and values that
    /// have blanks, commas or brackets stand in quotes, in which `\\"` is a quote.
    ///
    /// ```
    /// use constellation_trace::{Sessions, Timing};
    /// let sessions = Sessions::sketch("pacific w(x,1)@1..4\natlantic r(x,nil)@5..6")?;
    /// assert_eq!((sessions.len(), sessions.timing()), (2, Timing::Recorded));
    /// let [write, read] = [0, 1].map(|nth| sessions.transaction(sessions.ids().nth(nth).unwrap()));
    /// assert!(write.is_before(&read), "so the read is stale");
    /// # Ok::<(), constellation_trace::sessions::NotationError>(())
    /// ```
    ///
    /// # Errors
    /// [`NotationError`] with the line and the word.
    pub fn sketch(text: &str) -> Result<Sessions, NotationError> {
        let mut sessions = Sessions::new(Timing::None);
        for (place, line) in text.lines().enumerate() {
            sessions.sketch_line(place + 1, line)?;
        }
        Ok(sessions)
    }

    /// Reads one line of a sketch.
    pub(crate) fn sketch_line(&mut self, line_number: usize, line: &str) -> Result<(), NotationError> {
        let line = line.trim();
        let mut rest = line;
        let Some(name) = self::name(&mut rest).map(|(name, _)| name).filter(|_| is_apart(rest)) else {
            if line.is_empty() {
                return Ok(());
            }
            let word = line.split_whitespace().next().unwrap_or_default().to_owned();
            return Err(NotationError::Name { line: line_number, word });
        };
        if self.names.find(&name).is_some() {
            return Err(NotationError::Twice { line: line_number, session: name.into_owned() });
        }
        let refused =
            |word: &str, error| NotationError::Refused { line: line_number, word: word.to_owned(), error };
        let session = self.session(&name).map_err(|error| refused(&name, error))?;
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                break;
            }
            let start = rest;
            let word = Word::take(&mut rest, line_number)?;
            let written = &start[..start.len() - rest.len()];
            let refused = |error| refused(written, error);
            if self.is_empty() && word.times.is_some() {
                self.timing = Timing::Recorded;
            }
            if word.times.is_some() != (self.timing == Timing::Recorded) {
                return Err(NotationError::Untimed { line: line_number, word: written.to_owned() });
            }
            let (invoked, returned) = word.times.unwrap_or((0, Transaction::NEVER));
            let accesses = word.accesses.iter().map(|access| access.enter(self));
            let accesses = accesses.collect::<Result<Vec<_>, _>>().map_err(refused)?;
            let transaction = Transaction { session, outcome: word.outcome, invoked, returned };
            let id = self.push(transaction, &accesses).map_err(refused)?;
            if word.is_final {
                self.mark_final(id);
            }
        }
        Ok(())
    }
}

/// Whether the name of a session ends here.
fn is_apart(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(char::is_whitespace)
}

/// One transaction as it is written.
struct Word<'a> {
    accesses: Vec<Written<'a>>,
    is_final: bool,
    outcome: Outcome,
    times: Option<(u64, u64)>,
}

/// One access as it is written.
struct Written<'a> {
    act: Act,
    key: Cow<'a, str>,
    /// Several of a list.
    values: Vec<Shown<'a>>,
}

/// A value as it is written.
enum Shown<'a> {
    Nil,
    Text(Cow<'a, str>),
}

impl<'a> Word<'a> {
    /// Takes the first transaction off `rest`.
    fn take(rest: &mut &'a str, line: usize) -> Result<Word<'a>, NotationError> {
        let start = *rest;
        let wrong = || NotationError::Word {
            line,
            word: start.split_whitespace().next().unwrap_or_default().to_owned(),
        };
        let mut accesses = Vec::new();
        if let Some(inner) = rest.strip_prefix('{') {
            *rest = inner.trim_start();
            while !rest.starts_with('}') {
                accesses.push(Written::take(rest).ok_or_else(wrong)?);
                *rest = rest.trim_start();
            }
            *rest = &rest[1..];
        } else {
            accesses.push(Written::take(rest).ok_or_else(wrong)?);
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (suffix, after) = rest.split_at(end);
        *rest = after;
        let is_final = suffix.starts_with('*');
        let suffix = &suffix[usize::from(is_final)..];
        let (outcome, suffix) = match suffix.chars().next() {
            Some('!') => (Outcome::Aborted, &suffix[1..]),
            Some('?') => (Outcome::Unknown, &suffix[1..]),
            _ => (Outcome::Committed, suffix),
        };
        let times = match suffix.strip_prefix('@') {
            None if suffix.is_empty() => None,
            None => return Err(wrong()),
            Some(times) => {
                let (invoked, returned) = times.split_once("..").ok_or_else(wrong)?;
                let invoked = invoked.parse().map_err(|_| wrong())?;
                let is_open = returned.is_empty();
                let returned =
                    if is_open { Ok(Transaction::NEVER) } else { returned.parse().map_err(|_| wrong()) };
                Some((invoked, returned?))
            }
        };
        Ok(Word { accesses, is_final, outcome, times })
    }
}

impl<'a> Written<'a> {
    /// Takes the first access off `rest`; `None` if there is none.
    fn take(rest: &mut &'a str) -> Option<Written<'a>> {
        let acts = [("r(", Act::Read), ("w(", Act::Write), ("a(", Act::Append), ("append(", Act::Append)];
        let (mut inner, mut act) =
            acts.into_iter().find_map(|(begin, act)| Some((rest.strip_prefix(begin)?, act)))?;
        let key = name(&mut inner)?.0;
        inner = inner.strip_prefix(',')?;
        let mut values = Vec::new();
        if let Some(list) = inner.strip_prefix('[').filter(|_| act == Act::Read) {
            act = Act::ReadList;
            inner = list.trim_start();
            while !inner.starts_with(']') {
                values.push(Shown::take(&mut inner)?);
                // A blank or a comma stands between two.
                let is_apart = inner.starts_with([',', ' ', ']']);
                inner = inner.trim_start();
                inner = inner.strip_prefix(',').unwrap_or(inner).trim_start();
                if !is_apart {
                    return None;
                }
            }
            inner = &inner[1..];
        } else {
            values.push(Shown::take(&mut inner).filter(|value| {
                // Where in a list nothing stands nobody could tell.
                act != Act::Append || !matches!(value, Shown::Nil)
            })?);
        }
        *rest = inner.strip_prefix(')')?;
        Some(Written { act, key, values })
    }

    fn enter(&self, sessions: &mut Sessions) -> Result<Access, super::SessionsError> {
        let key = sessions.key(&self.key)?;
        let values = self.values.iter().map(|value| match value {
            Shown::Nil => Ok(Value::NOTHING),
            Shown::Text(text) => sessions.value(text),
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let value = match (self.act, &values[..]) {
            (Act::Read | Act::Write | Act::Append, [value]) => *value,
            _ => sessions.hold_list(&values)?,
        };
        Ok(Access { key, act: self.act, value })
    }
}

impl<'a> Shown<'a> {
    fn take(rest: &mut &'a str) -> Option<Shown<'a>> {
        let (text, is_quoted) = name(rest)?;
        Some(if text == "nil" && !is_quoted { Shown::Nil } else { Shown::Text(text) })
    }
}

/// Takes a name or a value off `rest`, and tells whether it stood in quotes; `None` if there is none.
fn name<'a>(rest: &mut &'a str) -> Option<(Cow<'a, str>, bool)> {
    let Some(inner) = rest.strip_prefix('"') else {
        let end = rest.find(|letter| !is_plain(letter)).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        *rest = after;
        return (!text.is_empty()).then_some((Cow::Borrowed(text), false));
    };
    let mut text = String::new();
    let mut letters = inner.chars();
    loop {
        text.push(match letters.next()? {
            '"' => break,
            '\\' => match letters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '0' => '\0',
                same @ ('\\' | '"' | '\'') => same,
                'u' => {
                    let (digits, after) = letters.as_str().strip_prefix('{')?.split_once('}')?;
                    letters = after.chars();
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                _ => return None,
            },
            letter => letter,
        });
    }
    *rest = letters.as_str();
    Some((Cow::Owned(text), true))
}

/// Whether a letter stands in a name without quotes.
fn is_plain(letter: char) -> bool {
    !letter.is_whitespace() && !letter.is_control() && !"()[]{},\"".contains(letter)
}

/// A name as it is written; one that the notation cannot hold stands in quotes.
fn plain(text: &str) -> String {
    let is_read_back = !text.is_empty() && text != "nil" && text.chars().all(is_plain);
    if is_read_back && crate::words::one_line(text) == text { text.to_owned() } else { format!("{text:?}") }
}

pub(super) fn value(sessions: &Sessions, value: Value) -> String {
    if let Some(number) = value.as_number() {
        return number.to_string();
    }
    if value == Value::NOTHING {
        return "nil".to_owned();
    }
    if value.bits() < LISTS {
        let place = u32::try_from(value.bits() - TEXTS).ok();
        return place.and_then(|place| sessions.texts.text(place)).map_or_else(|| "nil".to_owned(), plain);
    }
    let values: Vec<String> = sessions.list(value).iter().map(|one| self::value(sessions, *one)).collect();
    format!("[{}]", values.join(","))
}

pub(super) fn transaction(sessions: &Sessions, id: TransactionId) -> String {
    let shown = sessions.accesses(id).iter().map(|access| {
        let letter = match access.act {
            Act::Read | Act::ReadList => 'r',
            Act::Write => 'w',
            Act::Append => 'a',
        };
        let key = plain(sessions.keys.text(access.key.number()).unwrap_or_default());
        format!("{letter}({key},{})", value(sessions, access.value))
    });
    let shown: Vec<String> = shown.collect();
    let mark = match sessions.transaction(id).outcome {
        Outcome::Committed => "",
        Outcome::Aborted => "!",
        Outcome::Unknown => "?",
    };
    let is_final = if sessions.is_final(id) { "*" } else { "" };
    match &shown[..] {
        [one] => format!("{one}{is_final}{mark}"),
        _ => format!("{{{}}}{is_final}{mark}", shown.join(" ")),
    }
}

pub(super) fn write(sessions: &Sessions, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let lines = sessions.lines();
    let names: Vec<String> = sessions.names.iter().map(plain).collect();
    let shown = names.iter().zip(&lines).filter(|(_, line)| !line.is_empty());
    let width = shown.clone().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (nth, (name, line)) in shown.enumerate() {
        write!(f, "{}{name:<width$}", if nth == 0 { "" } else { "\n" })?;
        for id in line {
            write!(f, "  {}", transaction(sessions, *id))?;
            let Transaction { invoked, returned, .. } = sessions.transaction(*id);
            match (sessions.timing, returned) {
                (Timing::None, _) => {}
                (Timing::Recorded, Transaction::NEVER) => write!(f, "@{invoked}..")?,
                (Timing::Recorded, returned) => write!(f, "@{invoked}..{returned}")?,
            }
        }
    }
    Ok(())
}
