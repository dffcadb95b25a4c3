//! How a step of a node stands in a report.

use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::{Step, StepAct};
use constellation_trace::{Claim, NodeId, WallTime};

use crate::bytes::{Reader, Writer};

pub(super) fn write_step(writer: &mut Writer, step: &Step<Vec<u8>>) {
    write_act(writer, &step.act);
    writer.text(&step.label);
    writer.count(step.claims.len());
    step.claims.iter().for_each(|claim| write_claim(writer, claim));
    writer.count(step.sends.len());
    let mut said: BTreeMap<&[u8], u32> = BTreeMap::new();
    for ((to, payload), place) in step.sends.iter().zip(0..) {
        writer.u32(to.number());
        let before = said.get(&payload[..]).copied();
        writer.maybe(before, Writer::u32);
        if before.is_none() {
            said.insert(payload, place);
            writer.bytes(payload);
        }
    }
}

pub(super) fn read_step(reader: &mut Reader<'_>) -> Option<Step<Vec<u8>>> {
    Some(Step {
        act: read_act(reader)?,
        label: reader.text()?,
        claims: reader.all(read_claim)?,
        sends: read_sends(reader)?,
    })
}

/// What is said to many stands there once: whoever gets the same later, with the place of who got it first.
fn read_sends(reader: &mut Reader<'_>) -> Option<Vec<(NodeId, Vec<u8>)>> {
    let mut said: BTreeMap<u32, &[u8]> = BTreeMap::new();
    let mut known: BTreeSet<&[u8]> = BTreeSet::new();
    let mut place = 0;
    reader.all(|reader| {
        let to = NodeId::new(reader.u32()?);
        let payload = match reader.maybe(Reader::u32)? {
            Some(before) => *said.get(&before)?,
            None => {
                let payload = reader.bytes()?;
                // One form for each.
                if !known.insert(payload) {
                    return None;
                }
                said.insert(place, payload);
                payload
            }
        };
        place += 1;
        Some((to, payload.to_vec()))
    })
}

/// What is written to a disk stays with the process: nobody else reads it.
fn write_act(writer: &mut Writer, act: &StepAct) {
    match act {
        StepAct::Local => writer.byte(0),
        StepAct::Receive => writer.byte(1),
        StepAct::Persist(_) => writer.byte(2),
        StepAct::Store(_) => writer.byte(3),
        StepAct::Sync => writer.byte(4),
        StepAct::Write { key, update, saw } => {
            writer.byte(5);
            writer.text(key);
            writer.text(update);
            writer.texts(saw);
        }
        StepAct::Read { key, shows } => {
            writer.byte(6);
            writer.text(key);
            writer.texts(shows);
        }
        StepAct::Invoke { number, call } => {
            writer.byte(7);
            writer.u32(*number);
            writer.call(call);
        }
        StepAct::Complete { number, completion } => {
            writer.byte(8);
            writer.u32(*number);
            writer.completion(completion);
        }
        act => unreachable!("this crate and the effects change together, but {act:?} is not known here"),
    }
}

fn read_act(reader: &mut Reader<'_>) -> Option<StepAct> {
    Some(match reader.byte()? {
        0 => StepAct::Local,
        1 => StepAct::Receive,
        2 => StepAct::Persist(Vec::new()),
        3 => StepAct::Store(Vec::new()),
        4 => StepAct::Sync,
        5 => StepAct::Write { key: reader.text()?, update: reader.text()?, saw: reader.texts()? },
        6 => StepAct::Read { key: reader.text()?, shows: reader.texts()? },
        7 => StepAct::Invoke { number: reader.u32()?, call: reader.call()? },
        8 => StepAct::Complete { number: reader.u32()?, completion: reader.completion()? },
        _ => return None,
    })
}

fn write_claim(writer: &mut Writer, claim: &Claim) {
    match claim {
        Claim::Lamport(time) => {
            writer.byte(0);
            writer.u64(*time);
        }
        Claim::Vector(entries) => {
            writer.byte(1);
            writer.count(entries.len());
            for (name, counter) in entries {
                writer.text(name);
                writer.u64(*counter);
            }
        }
        Claim::Hybrid { physical_ns, logical } => {
            writer.byte(2);
            writer.u64(*physical_ns);
            writer.u32(*logical);
        }
        Claim::Wall(wall) => {
            writer.byte(3);
            writer.u64(wall.ns());
        }
        claim => unreachable!("this crate and the claims change together, but {claim:?} is not known here"),
    }
}

fn read_claim(reader: &mut Reader<'_>) -> Option<Claim> {
    Some(match reader.byte()? {
        0 => Claim::Lamport(reader.u64()?),
        1 => Claim::Vector(reader.all(|reader| Some((reader.text()?, reader.u64()?)))?),
        2 => Claim::Hybrid { physical_ns: reader.u64()?, logical: reader.u32()? },
        3 => Claim::Wall(WallTime::from_ns(reader.u64()?)),
        _ => return None,
    })
}
