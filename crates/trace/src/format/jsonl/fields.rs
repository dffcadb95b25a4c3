//! The keys of one line with their values, each of the shape that its key demands.

use std::borrow::Cow;
use std::ops::Range;

use super::super::Problem;
use super::super::json::{Flaw, Scanner};
use super::read::{Fault, number_in};
use crate::claim::{Claim, ClaimKind};
use crate::ids::nearest;
use crate::nemesis::Eighths;
use crate::time::WallTime;

/// The keys of events and of what the world did.
pub(super) const BODY_KEYS: &[&str] = &[
    "event",
    "nemesis",
    "node",
    "at_ns",
    "do",
    "message",
    "from",
    "key",
    "update",
    "saw",
    "shows",
    "sends",
    "label",
    "claims",
    "group_a",
    "group_b",
    "sources",
    "targets",
    "by_ns",
    "for_ns",
    "to_ns",
    "eighths",
    "lost",
    "bit",
    "how",
    "why",
    "until_ns",
    "operation",
    "call",
    "value",
    "expected",
    "amount",
    "name",
    "argument",
    "result",
    "reason",
];

const CLAIM_KEYS: &[&str] = &["lamport", "vector", "hybrid", "wall_ns"];
const HYBRID_KEYS: &[&str] = &["physical_ns", "logical"];

/// Something read, with the bytes of the line that it was read from.
#[derive(Debug)]
pub(super) struct Found<T> {
    pub(super) span: Range<usize>,
    pub(super) value: T,
}

/// Numbers of messages with their receivers.
pub(super) type Targets<'a> = Vec<(Found<u64>, Found<Cow<'a, str>>)>;

#[derive(Debug)]
pub(super) enum Value<'a> {
    Number(u64),
    Signed(i64),
    Text(Cow<'a, str>),
    Texts(Vec<Cow<'a, str>>),
    Sends(Targets<'a>),
    Claims(Vec<Claim>),
}

/// What stands in one line; each value is taken out once, and what is left over does not belong there.
pub(super) struct Fields<'a> {
    found: Vec<(&'static str, Found<Value<'a>>)>,
    end: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn read(line: &'a str, known: &'static [&'static str]) -> Result<Fields<'a>, Fault> {
        let mut scanner = Scanner::new(line);
        let mut found: Vec<(&'static str, Found<Value<'a>>)> = Vec::with_capacity(8);
        scanner.object("an object", |scanner, key, span| {
            let key = known_key(&key, &span, known)?;
            if found.iter().any(|(earlier, _)| *earlier == key) {
                return Err(Fault { span, problem: Problem::DuplicateKey(key.to_owned()) });
            }
            let start = scanner.position();
            let value = read_value(scanner, key)?;
            found.push((key, Found { span: scanner.span_since(start), value }));
            Ok(())
        })?;
        scanner.finish()?;
        Ok(Fields { found, end: line.trim_end().len().saturating_sub(1) })
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.found.iter().any(|(known, _)| *known == key)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Found<Value<'a>>> {
        let place = self.found.iter().position(|(known, _)| *known == key)?;
        Some(self.found.swap_remove(place).1)
    }

    pub(super) fn number(&mut self, key: &'static str) -> Result<Found<u64>, Fault> {
        match self.take(key) {
            Some(Found { span, value: Value::Number(value) }) => Ok(Found { span, value }),
            _ => Err(self.missing(key)),
        }
    }

    /// The number of a message or event, which has 32 bits.
    pub(super) fn small_number(&mut self, key: &'static str) -> Result<Found<u32>, Fault> {
        let Found { span, value } = self.number(key)?;
        match u32::try_from(value) {
            Ok(value) => Ok(Found { span, value }),
            Err(_) => {
                let expected = "a number below 2^32";
                Err(Flaw { span, expected, found: value.to_string() }.into())
            }
        }
    }

    /// A number of 32 bits that stands only where it is not 0.
    pub(super) fn small_number_or_zero(&mut self, key: &'static str) -> Result<u32, Fault> {
        if self.has(key) { self.small_number(key).map(|found| found.value) } else { Ok(0) }
    }

    /// How many eighths of something are left when not all are.
    pub(super) fn eighths(&mut self) -> Result<Eighths, Fault> {
        let Found { span, value } = self.number("eighths")?;
        u8::try_from(value)
            .ok()
            .and_then(Eighths::new)
            .ok_or_else(|| Flaw { span, expected: "a number from 0 to 7", found: value.to_string() }.into())
    }

    pub(super) fn signed(&mut self, key: &'static str) -> Result<Found<i64>, Fault> {
        match self.take(key) {
            Some(Found { span, value: Value::Signed(value) }) => Ok(Found { span, value }),
            _ => Err(self.missing(key)),
        }
    }

    pub(super) fn text(&mut self, key: &'static str) -> Result<Found<Cow<'a, str>>, Fault> {
        match self.take(key) {
            Some(Found { span, value: Value::Text(value) }) => Ok(Found { span, value }),
            _ => Err(self.missing(key)),
        }
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Result<Found<Vec<Cow<'a, str>>>, Fault> {
        match self.take(key) {
            Some(Found { span, value: Value::Texts(value) }) => Ok(Found { span, value }),
            _ => Err(self.missing(key)),
        }
    }

    pub(super) fn claims(&mut self) -> Vec<Claim> {
        match self.take("claims") {
            Some(Found { value: Value::Claims(claims), .. }) => claims,
            _ => Vec::new(),
        }
    }

    /// Nothing may be left over.
    pub(super) fn finish(&self, of: &str) -> Result<(), Fault> {
        // The one that stands first in the line, since taking others out has mixed them.
        match self.found.iter().min_by_key(|(_, value)| value.span.start) {
            None => Ok(()),
            Some((key, value)) => {
                let problem = Problem::ForeignKey { key, of: format!("`{of}`") };
                Err(Fault { span: value.span.clone(), problem })
            }
        }
    }

    /// A key that is not there is missed at the end of the line.
    pub(super) fn missing(&self, key: &'static str) -> Fault {
        Fault { span: self.end..self.end + 1, problem: Problem::MissingKey(key) }
    }
}

fn known_key(key: &str, span: &Range<usize>, known: &'static [&'static str]) -> Result<&'static str, Fault> {
    known.iter().copied().find(|known| *known == key).ok_or_else(|| {
        let nearest = nearest(key, known.iter().copied());
        let problem = Problem::UnknownKey { key: super::super::json::cut(key), nearest };
        Fault { span: span.clone(), problem }
    })
}

fn read_value<'a>(scanner: &mut Scanner<'a>, key: &'static str) -> Result<Value<'a>, Fault> {
    Ok(match key {
        "event" | "at_ns" | "epoch_ns" | "message" | "from" | "seed" | "for_ns" | "to_ns" | "eighths"
        | "bit" | "how" | "lost" | "until_ns" | "operation" | "began_ns" | "ended_ns" | "dropped"
        | "sent" => Value::Number(scanner.unsigned("a whole number")?),
        "by_ns" | "amount" => Value::Signed(scanner.signed("a whole number")?),
        "nodes" | "saw" | "shows" | "group_a" | "group_b" | "sources" | "targets" => {
            let mut texts = Vec::new();
            scanner.array::<Flaw>("an array of strings", |scanner| {
                texts.push(scanner.string("a string")?);
                Ok(())
            })?;
            Value::Texts(texts)
        }
        "sends" => Value::Sends(read_sends(scanner)?),
        "claims" => Value::Claims(read_claims(scanner)?),
        _ => Value::Text(scanner.string("a string")?),
    })
}

fn read_sends<'a>(scanner: &mut Scanner<'a>) -> Result<Targets<'a>, Fault> {
    let mut sends = Vec::new();
    scanner.object("an object of message numbers and receivers", |scanner, key, span| {
        let number = number_in(&key).ok_or_else(|| {
            let found = format!("`{}`", super::super::json::cut(&key));
            Fault::from(Flaw { span: span.clone(), expected: "the number of a message", found })
        })?;
        let start = scanner.position();
        let value = scanner.string("the name of a node")?;
        let target = Found { span: scanner.span_since(start), value };
        sends.push((Found { span, value: number }, target));
        Ok::<(), Fault>(())
    })?;
    Ok(sends)
}

fn read_claims(scanner: &mut Scanner<'_>) -> Result<Vec<Claim>, Fault> {
    let mut claims: Vec<Claim> = Vec::new();
    scanner.object("an object of claims", |scanner, key, span| {
        let (claim, kind) = match known_key(&key, &span, CLAIM_KEYS)? {
            "lamport" => (Claim::Lamport(scanner.unsigned("a whole number")?), ClaimKind::Lamport),
            "vector" => (Claim::Vector(read_vector(scanner)?), ClaimKind::Vector),
            "hybrid" => (read_hybrid(scanner)?, ClaimKind::Hybrid),
            _ => (Claim::Wall(WallTime::from_ns(scanner.unsigned("a whole number")?)), ClaimKind::Wall),
        };
        if claims.iter().any(|earlier| earlier.kind() == kind) {
            return Err(Fault { span, problem: Problem::DuplicateKey(key.into_owned()) });
        }
        claims.push(claim);
        Ok(())
    })?;
    Ok(claims)
}

fn read_vector(scanner: &mut Scanner<'_>) -> Result<Vec<(String, u64)>, Fault> {
    let mut entries: Vec<(String, u64)> = Vec::new();
    let mut spans = Vec::new();
    scanner.object("an object of names and counters", |scanner, key, span| {
        let counter = scanner.unsigned("a whole number")?;
        entries.push((key.into_owned(), counter));
        spans.push(span);
        Ok::<(), Fault>(())
    })?;
    if entries.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        return Ok(entries);
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|one, other| entries[*one].0.cmp(&entries[*other].0));
    match order.windows(2).find(|pair| entries[pair[0]].0 == entries[pair[1]].0) {
        None => Ok(entries),
        Some(pair) => {
            let problem = Problem::DuplicateKey(entries[pair[1]].0.clone());
            Err(Fault { span: spans[pair[1]].clone(), problem })
        }
    }
}

fn read_hybrid(scanner: &mut Scanner<'_>) -> Result<Claim, Fault> {
    let (mut physical, mut logical) = (None, None);
    scanner.object("an object of `physical_ns` and `logical`", |scanner, key, span| {
        let known = known_key(&key, &span, HYBRID_KEYS)?;
        let start = scanner.position();
        let value = scanner.unsigned("a whole number")?;
        let slot = if known == "logical" { &mut logical } else { &mut physical };
        if slot.replace((value, scanner.span_since(start))).is_some() {
            return Err(Fault { span, problem: Problem::DuplicateKey(known.to_owned()) });
        }
        Ok(())
    })?;
    let end = scanner.position();
    let missing = |key| Fault { span: end.saturating_sub(1)..end, problem: Problem::MissingKey(key) };
    let (physical_ns, _) = physical.ok_or_else(|| missing("physical_ns"))?;
    let (logical, span) = logical.ok_or_else(|| missing("logical"))?;
    let logical = u32::try_from(logical).map_err(|_| Flaw {
        span,
        expected: "a number below 2^32",
        found: logical.to_string(),
    })?;
    Ok(Claim::Hybrid { physical_ns, logical })
}
