//! From the words of a tape to the tape: what each must be, and what is wrong where it is not.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use constellation_fabric::{Question, Topic};
use constellation_trace::ids::nearest;
use constellation_trace::log::Place;
use constellation_trace::{Names, NodeId};

use super::error::{TapeError, TapeProblem};
use super::lexer::{HEAD, Item, Word, cut, missing, narrow, unexpected};
use super::{Provenance, Tape};
use crate::choices::answers::{Answer, Answers};

/// The keys of the head, in order, and what an error says should stand there.
const KEYS: [(&str, &str, &str); HEAD] = [
    ("tape", "`constellation tape`", "the number of the format"),
    ("version", "`version`", "a version"),
    ("scenario", "`scenario`", "the name of a scenario"),
    ("hash", "`hash`", "the digest of a scenario"),
    ("seed", "`seed`", "a seed"),
];

pub(super) fn read(items: Vec<Item>, names: &Names) -> Result<Tape, TapeError> {
    let mut values = Vec::new();
    let end = items.last().map_or(Place { line: 1, column: 1, width: 0 }, |item| item.end);
    for (nth, key) in KEYS.iter().enumerate() {
        let item = items.get(nth).ok_or_else(|| missing(key.1, end))?;
        values.push(value(item, *key)?);
    }
    let [format, version, scenario, hash, seed]: [&Word; HEAD] =
        values.try_into().expect("there is one for each key");
    if format.text != "1" {
        return Err(TapeError::new(format.place, TapeProblem::UnknownFormat(cut(&format.text))));
    }
    let provenance = Provenance {
        version: version.text.clone(),
        scenario: scenario.text.clone(),
        scenario_hash: hash.text.clone(),
        seed: number(seed, u64::MAX)?,
    };
    let answers = answers(&items[HEAD..], names)?;
    Tape::new(provenance, names.clone(), answers)
}

/// What stands behind a key of the head.
fn value<'a>(
    item: &'a Item,
    (key, quoted, expected): (&'static str, &'static str, &'static str),
) -> Result<&'a Word, TapeError> {
    match &item.words[..] {
        [] => Err(missing(quoted, item.end)),
        [found, ..] if found.text != key => Err(unexpected(quoted, found)),
        [_] => Err(missing(expected, item.end)),
        [_, value] => Ok(value),
        [_, _, surplus, ..] => Err(unexpected("the end of the line", surplus)),
    }
}

/// The answers, in whatever order they stand.
fn answers(items: &[Item], names: &Names) -> Result<Answers, TapeError> {
    let mut answers = Vec::new();
    let mut numbers: BTreeMap<Question, u32> = BTreeMap::new();
    for item in items {
        let (answer, place) = answer(item, names)?;
        if let Some(first) = numbers.insert(answer.question(), item.number) {
            return Err(TapeError::new(place, TapeProblem::Duplicate { first }));
        }
        answers.push(answer);
    }
    Ok(answers.into_iter().collect())
}

/// An answer, and where its line stands.
fn answer(item: &Item, names: &Names) -> Result<(Answer, Place), TapeError> {
    const EXPECTED: [&str; 6] =
        ["a topic", "a node", "a node", "a number", "an answer", "how many answers there are"];
    if let Some(expected) = EXPECTED.get(item.words.len()) {
        return Err(missing(expected, item.end));
    }
    let [topic, source, target, nth, value, count] = &item.words[..] else {
        return Err(unexpected("the end of the line", &item.words[EXPECTED.len()]));
    };
    let question = Question {
        topic: read_topic(topic)?,
        source: read_node(source, names)?,
        target: read_node(target, names)?,
        nth: number(nth, u64::MAX)?,
    };
    let answered: u32 = number(value, u64::from(u32::MAX))?;
    let counted: u32 = number(count, u64::from(u32::MAX))?;
    if answered == 0 {
        return Err(TapeError::new(value.place, TapeProblem::Calm));
    }
    let read = NonZeroU32::new(counted).and_then(|counted| Answer::new(question, answered, counted));
    let Some(read) = read else {
        return Err(TapeError::new(value.place, TapeProblem::OutOfRange { count: counted.into() }));
    };
    let width = narrow((item.end.column - topic.place.column) as usize);
    Ok((read, Place { width, ..topic.place }))
}

fn read_topic(word: &Word) -> Result<Topic, TapeError> {
    Topic::named(&word.text).ok_or_else(|| {
        let known = || Topic::ALL.iter().map(|topic| topic.name());
        let problem = TapeProblem::UnknownTopic {
            topic: cut(&word.text),
            nearest: nearest(&word.text, known()),
            known: known().collect::<Vec<_>>().join(", "),
        };
        TapeError::new(word.place, problem)
    })
}

fn read_node(word: &Word, names: &Names) -> Result<NodeId, TapeError> {
    names.find(&word.text).map(NodeId::new).ok_or_else(|| {
        // As many as a line can show; the nearest may be any.
        const SHOWN: usize = 8;
        let mut known: Vec<String> = names.iter().take(SHOWN).map(cut).collect();
        if names.len() > SHOWN {
            known.push(format!("and {} more", names.len() - SHOWN));
        }
        let problem = TapeProblem::UnknownNode {
            name: cut(&word.text),
            nearest: names.nearest(&word.text).map(str::to_owned),
            known: known.join(", "),
        };
        TapeError::new(word.place, problem)
    })
}

/// A number in the one way of writing it.
fn number<T: TryFrom<u64>>(word: &Word, max: u64) -> Result<T, TapeError> {
    let text = &word.text;
    let is_canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = text.parse::<u64>().ok().filter(|number| is_canonical && *number <= max);
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| TapeError::new(word.place, TapeProblem::Number { found: cut(text), max }))
}
