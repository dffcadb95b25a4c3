//! What a page says of its run beside the columns, as JSON: the verdict, its sentence, the evidence, the world's doings.

use constellation_trace::{
    EventId, Evidence, Judgement, Link, MessageId, NodeId, Proof, Verdict, Witness, is_obeyed, one_line,
};
use serde_json::{Value, json};

use crate::diagram::joining;
use crate::picture::{Picture, has, steps_of};
use crate::world::Doing;

/// The name and version of this form.
pub(crate) const SCHEMA: &str = "constellation/page/1";

/// The facts as one line of JSON that may stand in a script of HTML: no `<`, `>` or `&` is in it, and no letter that an
/// editor would obey instead of showing it.
pub(crate) fn line(picture: &Picture<'_>) -> String {
    let plain = of(picture).to_string();
    let mut line = String::with_capacity(plain.len() + plain.len() / 8);
    for letter in plain.chars() {
        match letter {
            // Outside of its strings JSON has none of these.
            '<' | '>' | '&' => line.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ if is_obeyed(letter) => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    line.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => line.push(letter),
        }
    }
    line
}

fn of(picture: &Picture<'_>) -> Value {
    let (trace, caption, counts) = (picture.trace(), picture.caption(), picture.counts());
    let (glyph, word) = picture.verdict();
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "title": one_line(&caption.title),
        "scenario": trace.origin().map(|origin| one_line(&origin.scenario)),
        "seed": trace.origin().map(|origin| origin.seed.to_string()),
        "digest": caption.digest,
        "replay": caption.replay,
        "verdict": {"word": word, "glyph": glyph},
        "sentence": picture.sentence(),
        "counts": {
            "events": counts.events,
            "messages": counts.messages,
            "lost": counts.lost,
            "duplicated": counts.duplicated,
            "nodes": counts.nodes,
            "processes": counts.processes,
        },
        "times": caption.times.word(),
        "epoch_ns": trace.epoch().map(|epoch| epoch.ns().to_string()),
        "judgements": picture.judgements().iter().map(|judgement| judged(picture, judgement)).collect::<Vec<_>>(),
        "remarks": caption.remarks,
        "unknown": caption.unknown,
        "world": picture.doings().iter().map(|done| doing(picture, done)).collect::<Vec<_>>(),
        "source": caption.source,
        "environment": caption.environment.iter().map(|(name, value)| json!([name, value])).collect::<Vec<_>>(),
    })
}

fn judged(picture: &Picture<'_>, judgement: &Judgement) -> Value {
    let mut fact = json!({
        "promise": judgement.promise,
        "word": judgement.verdict.word(),
        "glyph": judgement.verdict.glyph(),
        "scope": judgement.scope,
        "expected": "",
        "found": "",
        "proof": [],
        "events": [],
        "chain": [],
        "messages": [],
        "steps": [],
        "notes": [],
        "replay": "",
    });
    match &judgement.verdict {
        Verdict::Violated(evidence) => violated(picture, evidence, &mut fact),
        Verdict::Unknown(limit) => fact["found"] = json!(limit.to_string()),
        Verdict::Holds => {}
    }
    fact
}

fn violated(picture: &Picture<'_>, evidence: &Evidence, fact: &mut Value) {
    let trace = picture.trace();
    let chain = steps_of(trace, &evidence.proof);
    let steps = evidence.steps.iter().enumerate().map(|(nth, step)| {
        match evidence.meanings.get(nth).filter(|meaning| !meaning.is_empty()) {
            Some(meaning) => format!("{step}: {meaning}"),
            None => step.clone(),
        }
    });
    fact["expected"] = json!(evidence.expected);
    fact["found"] = json!(evidence.found);
    fact["proof"] = json!(proof_lines(&evidence.proof));
    fact["events"] = json!(events(picture, evidence));
    let mut messages: Vec<MessageId> = chain.iter().filter_map(|(_, message)| *message).collect();
    messages.extend(joining(picture, evidence));
    messages.sort_unstable();
    messages.dedup();
    fact["messages"] = messages.iter().map(|message| json!(message.number())).collect();
    fact["chain"] = chain
        .iter()
        .map(|(event, message)| json!([event.number(), message.map(|message| message.number())]))
        .collect();
    fact["steps"] = json!(steps.collect::<Vec<_>>());
    fact["notes"] = json!(evidence.notes);
    fact["replay"] = json!(evidence.replay);
}

/// The events that show it, each once, in the order of the evidence.
fn events(picture: &Picture<'_>, evidence: &Evidence) -> Vec<u32> {
    let mut events: Vec<u32> = Vec::new();
    let of_trace = |event: &EventId| has(picture.trace(), *event);
    for event in evidence.events.iter().map(|witness| witness.event).filter(of_trace) {
        if !events.contains(&event.number()) {
            events.push(event.number());
        }
    }
    events
}

/// A proof in lines.
pub(crate) fn proof_lines(proof: &Proof) -> Vec<String> {
    let told = |witness: &Witness| {
        format!("{} {} {} {}", witness.event, witness.process, witness.at, one_line(&witness.what))
    };
    match proof {
        Proof::Chain(chain) => chain.iter().map(told).collect(),
        Proof::NoChain { one, other } => {
            vec![format!("no chain of messages leads from {one} to {other}, nor back")]
        }
        Proof::Rule(rule) => vec![rule.clone()],
        Proof::Cycle(links) => links
            .iter()
            .map(|Link { from, to, why }| {
                format!(
                    "{} {} → {} {}: {why}",
                    from.event,
                    one_line(&from.what),
                    to.event,
                    one_line(&to.what)
                )
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Of nodes it tells the lanes, each once.
fn doing(picture: &Picture<'_>, doing: &Doing) -> Value {
    let numbers = |nodes: &[NodeId]| {
        let mut lanes: Vec<u32> = nodes.iter().map(|node| picture.lane(*node)).collect();
        lanes.dedup();
        lanes
    };
    json!({
        "at_ns": doing.at.ns().to_string(),
        "until_ns": doing.until.map(|until| until.ns().to_string()),
        "kind": doing.kind,
        "nodes": numbers(&doing.nodes),
        "groups": doing.groups.iter().map(|group| numbers(group)).collect::<Vec<_>>(),
        "text": one_line(&doing.text),
    })
}
