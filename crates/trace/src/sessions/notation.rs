//! How sessions are written down in tests, documents and messages: one line each.

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
    /// `r` reads, `w` writes, `a` appends; `nil` is the initial value, `[1,2]` a list. Braces make one transaction of
    /// several accesses. After it `!` says that it is aborted, `?` that its outcome is unknown, and `@3..5` when it began
    /// and ended; `@3..` never ended. Without any `@` no times are recorded. Names have no blanks, commas or brackets.
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
        let timing = if text.contains('@') { Timing::Recorded } else { Timing::None };
        let mut sessions = Sessions::new(timing);
        for (place, line) in text.lines().enumerate() {
            let line_number = place + 1;
            let line = line.trim();
            let (name, mut rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if name.is_empty() {
                continue;
            }
            if sessions.names.find(name).is_some() {
                return Err(NotationError::Twice { line: line_number, session: name.to_owned() });
            }
            let refused = |error| NotationError::Refused { line: line_number, error };
            let session = sessions.session(name).map_err(refused)?;
            loop {
                rest = rest.trim_start();
                if rest.is_empty() {
                    break;
                }
                let word = Word::take(&mut rest, line_number)?;
                if word.times.is_some() != (timing == Timing::Recorded) {
                    return Err(NotationError::Untimed { line: line_number });
                }
                let (invoked, returned) = word.times.unwrap_or((0, Transaction::NEVER));
                let accesses = word.accesses.iter().map(|access| access.enter(&mut sessions));
                let accesses = accesses.collect::<Result<Vec<_>, _>>().map_err(refused)?;
                let transaction = Transaction { session, outcome: word.outcome, invoked, returned };
                sessions.push(transaction, &accesses).map_err(refused)?;
            }
        }
        Ok(sessions)
    }
}

/// One transaction as it is written.
struct Word<'a> {
    accesses: Vec<Written<'a>>,
    outcome: Outcome,
    times: Option<(u64, u64)>,
}

/// One access as it is written.
struct Written<'a> {
    letter: char,
    key: &'a str,
    value: &'a str,
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
        Ok(Word { accesses, outcome, times })
    }
}

impl<'a> Written<'a> {
    /// Takes the first access off `rest`; `None` if there is none.
    fn take(rest: &mut &'a str) -> Option<Written<'a>> {
        let letter = rest.chars().next().filter(|letter| "rwa".contains(*letter))?;
        let inner = rest[1..].strip_prefix('(')?;
        let (inside, after) = inner.split_once(')')?;
        let (key, value) = inside.split_once(',')?;
        let is_list = value.starts_with('[') && value.ends_with(']') && value.len() > 1;
        let wrong = |letter: char| letter.is_whitespace() || "()[]{}".contains(letter);
        let is_value = if is_list { letter == 'r' } else { !value.contains(',') && !value.contains(wrong) };
        if key.is_empty() || value.is_empty() || key.contains(wrong) || !is_value {
            return None;
        }
        *rest = after;
        Some(Written { letter, key, value })
    }

    fn enter(&self, sessions: &mut Sessions) -> Result<Access, super::SessionsError> {
        let key = sessions.key(self.key)?;
        if let Some(list) = self.value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
            let texts = list.split(',').map(str::trim).filter(|text| !text.is_empty());
            let values = texts.map(|text| sessions.value(text)).collect::<Result<Vec<_>, _>>()?;
            return Ok(Access { key, act: Act::ReadList, value: sessions.hold_list(&values)? });
        }
        let value = if self.value == "nil" { Value::NOTHING } else { sessions.value(self.value)? };
        let act = match self.letter {
            'r' => Act::Read,
            'w' => Act::Write,
            _ => Act::Append,
        };
        Ok(Access { key, act, value })
    }
}

/// A name as it is written; one that the notation cannot hold stands in quotes.
fn plain(text: &str) -> String {
    let is_plain =
        |letter: char| !letter.is_whitespace() && !letter.is_control() && !"()[]{},\"".contains(letter);
    let is_read_back = !text.is_empty() && text != "nil" && text.chars().all(is_plain);
    if is_read_back { crate::words::one_line(text).into_owned() } else { format!("{text:?}") }
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
    match &shown[..] {
        [one] => format!("{one}{mark}"),
        _ => format!("{{{}}}{mark}", shown.join(" ")),
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
