//! How a step of a node stands in a report.

use constellation_fabric::{Step, StepAct};
use constellation_trace::{Call, Claim, Completion, NodeId, WallTime};

use crate::bytes::{Reader, Writer};

pub(super) fn write_step(writer: &mut Writer, step: &Step<Vec<u8>>) {
    write_act(writer, &step.act);
    writer.text(&step.label);
    writer.count(step.claims.len());
    step.claims.iter().for_each(|claim| write_claim(writer, claim));
    writer.count(step.sends.len());
    for (to, payload) in &step.sends {
        writer.u32(to.number());
        writer.bytes(payload);
    }
}

pub(super) fn read_step(reader: &mut Reader<'_>) -> Option<Step<Vec<u8>>> {
    Some(Step {
        act: read_act(reader)?,
        label: reader.text()?,
        claims: reader.all(read_claim)?,
        sends: reader.all(|reader| Some((NodeId::new(reader.u32()?), reader.bytes()?.to_vec())))?,
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
            write_call(writer, call);
        }
        StepAct::Complete { number, completion } => {
            writer.byte(8);
            writer.u32(*number);
            write_completion(writer, completion);
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
        7 => StepAct::Invoke { number: reader.u32()?, call: read_call(reader)? },
        8 => StepAct::Complete { number: reader.u32()?, completion: read_completion(reader)? },
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

pub(crate) fn write_call(writer: &mut Writer, call: &Call) {
    match call {
        Call::Read { key } => {
            writer.byte(0);
            writer.text(key);
        }
        Call::Write { key, value } => {
            writer.byte(1);
            writer.text(key);
            writer.text(value);
        }
        Call::CompareAndSet { key, expected, value } => {
            writer.byte(2);
            writer.text(key);
            writer.text(expected);
            writer.text(value);
        }
        Call::Add { key, amount } => {
            writer.byte(3);
            writer.text(key);
            writer.i64(*amount);
        }
        Call::Append { key, value } => {
            writer.byte(4);
            writer.text(key);
            writer.text(value);
        }
        Call::Other { name, argument } => {
            writer.byte(5);
            writer.text(name);
            writer.text(argument);
        }
        call => unreachable!("this crate and the calls change together, but {call:?} is not known here"),
    }
}

pub(crate) fn read_call(reader: &mut Reader<'_>) -> Option<Call> {
    let (kind, first) = (reader.byte()?, reader.text()?);
    Some(match kind {
        0 => Call::Read { key: first },
        1 => Call::Write { key: first, value: reader.text()? },
        2 => Call::CompareAndSet { key: first, expected: reader.text()?, value: reader.text()? },
        3 => Call::Add { key: first, amount: reader.i64()? },
        4 => Call::Append { key: first, value: reader.text()? },
        5 => Call::Other { name: first, argument: reader.text()? },
        _ => return None,
    })
}

pub(crate) fn write_completion(writer: &mut Writer, completion: &Completion) {
    match completion {
        Completion::Done => writer.byte(0),
        Completion::Shows(values) => {
            writer.byte(1);
            writer.texts(values);
        }
        Completion::Failed { reason } => {
            writer.byte(2);
            writer.text(reason);
        }
        Completion::Unknown { reason } => {
            writer.byte(3);
            writer.text(reason);
        }
        other => {
            unreachable!("this crate and the completions change together, but {other:?} is not known here")
        }
    }
}

pub(crate) fn read_completion(reader: &mut Reader<'_>) -> Option<Completion> {
    Some(match reader.byte()? {
        0 => Completion::Done,
        1 => Completion::Shows(reader.texts()?),
        2 => Completion::Failed { reason: reader.text()? },
        3 => Completion::Unknown { reason: reader.text()? },
        _ => return None,
    })
}
