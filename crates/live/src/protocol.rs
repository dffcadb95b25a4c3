//! What a process and the hub say to each other: reports go to the hub, orders to the process.

use std::num::NonZeroU32;

use constellation_fabric::Step;
use constellation_trace::{NodeId, WallTime};

use crate::bytes::{Reader, Writer};
use crate::clocks::{Rate, Wall};
use crate::ticket::Token;

mod steps;

use steps::{read_step, write_step};

/// Of what is said here; both sides must know the same.
pub(crate) const VERSION: u32 = 2;

/// What a process says first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hello {
    pub(crate) token: Token,
    pub(crate) node: NodeId,
    pub(crate) incarnation: u32,
}

/// The most bytes of a [`Hello`], so that a stranger cannot make us read more.
pub(crate) const HELLO_BYTES_MAX: usize = 64;

/// The name of a write to a disk, unique at its node.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Tag {
    pub(crate) incarnation: u32,
    pub(crate) number: u64,
}

/// What a process says later, each before it goes on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Report {
    /// It read its disk, and believes what this write left there.
    Restarted { believed: Option<Tag>, wall: WallTime },
    /// A step of the node, of which nothing leaves before the whole input is done. What is to be on disk is written once
    /// the hub knows.
    Step {
        /// As part of which input; `None` for a timer.
        input: Option<u64>,
        /// The name of what it writes.
        write: Option<Tag>,
        /// The step; the state that it writes is left out.
        step: Step<Vec<u8>>,
    },
    /// It has done all that followed from an input, and what was to be on disk is there.
    Done {
        /// From which; `None` for a timer.
        input: Option<u64>,
        /// How many of its timers are set.
        timers_set: u32,
        /// How many have run out so far.
        timers_done: u64,
    },
    /// It ends for this reason, which is a fault of such a kind.
    Failed { reason: String, fault: Fault },
    /// It will not crash at its next input.
    Disarmed,
    /// It has done all that followed from an input, and ends, as it was to.
    Worked { input: Option<u64> },
}

/// Whose fault it is that a process ends by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// The node's, or that of who told it what it makes nothing of: a crash of the run.
    Node,
    /// The disk's, so that there is no run to judge.
    Disk,
    /// That of our wire, on which what it has to say does not fit. There is no run to judge either.
    Length,
}

/// What the hub has a process do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    /// To begin, knowing this.
    Welcome { rate: Rate, wall: Wall, folder: String, setup: Vec<u8> },
    /// To work on an input.
    Give { input: u64, given: Given },
    /// To go on: the hub knows of the write that it told last.
    Written,
    /// To put its wall clock wrong.
    StepWall { by_ns: i64 },
    /// To end.
    Stop,
    /// To end at the next input.
    Arm(Moment),
    /// Not to, if it has not yet, and to say so.
    Disarm,
}

/// When at an input a process ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Moment {
    BeforeWork,
    /// What it sends is gone with it.
    AfterWork,
}

/// An input as the hub gives it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Given {
    Start,
    Restart,
    Message { from: NodeId, payload: Vec<u8> },
    Request(Vec<u8>),
    Leave,
}

impl Hello {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u32(VERSION);
        writer.bytes(&self.token.0);
        writer.u32(self.node.number());
        writer.u32(self.incarnation);
        writer.into_bytes()
    }

    /// What the bytes say, if they are of our version.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Hello> {
        let mut reader = Reader::new(bytes);
        if reader.u32()? != VERSION {
            return None;
        }
        let token = Token(reader.bytes()?.try_into().ok()?);
        let hello = Hello { token, node: NodeId::new(reader.u32()?), incarnation: reader.u32()? };
        reader.end(hello)
    }
}

impl Tag {
    pub(crate) fn write(self, writer: &mut Writer) {
        writer.u32(self.incarnation);
        writer.u64(self.number);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Tag> {
        Some(Tag { incarnation: reader.u32()?, number: reader.u64()? })
    }
}

impl Report {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Report::Restarted { believed, wall } => {
                writer.byte(0);
                writer.maybe(*believed, |writer, tag| tag.write(writer));
                writer.u64(wall.ns());
            }
            Report::Step { input, write, step } => {
                writer.byte(1);
                writer.maybe(*input, Writer::u64);
                writer.maybe(*write, |writer, tag| tag.write(writer));
                write_step(&mut writer, step);
            }
            Report::Done { input, timers_set, timers_done } => {
                writer.byte(2);
                writer.maybe(*input, Writer::u64);
                writer.u32(*timers_set);
                writer.u64(*timers_done);
            }
            Report::Failed { reason, fault } => {
                writer.byte(3);
                writer.text(reason);
                writer.byte(match fault {
                    Fault::Node => 0,
                    Fault::Disk => 1,
                    Fault::Length => 2,
                });
            }
            Report::Disarmed => writer.byte(4),
            Report::Worked { input } => {
                writer.byte(5);
                writer.maybe(*input, Writer::u64);
            }
        }
        writer.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Report> {
        let mut reader = Reader::new(bytes);
        let report = match reader.byte()? {
            0 => Report::Restarted {
                believed: reader.maybe(Tag::read)?,
                wall: WallTime::from_ns(reader.u64()?),
            },
            1 => Report::Step {
                input: reader.maybe(Reader::u64)?,
                write: reader.maybe(Tag::read)?,
                step: read_step(&mut reader)?,
            },
            2 => Report::Done {
                input: reader.maybe(Reader::u64)?,
                timers_set: reader.u32()?,
                timers_done: reader.u64()?,
            },
            3 => {
                let reason = reader.text()?;
                let fault = match reader.byte()? {
                    0 => Fault::Node,
                    1 => Fault::Disk,
                    2 => Fault::Length,
                    _ => return None,
                };
                Report::Failed { reason, fault }
            }
            4 => Report::Disarmed,
            5 => Report::Worked { input: reader.maybe(Reader::u64)? },
            _ => return None,
        };
        reader.end(report)
    }
}

impl Order {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Order::Welcome { rate, wall, folder, setup } => {
                writer.byte(0);
                writer.u32(rate.speed.get());
                writer.u32(rate.drift_ppb.cast_unsigned());
                writer.u64(wall.machine.ns());
                writer.u64(wall.epoch.ns());
                writer.i64(wall.ahead_ns);
                writer.text(folder);
                writer.bytes(setup);
            }
            Order::Give { input, given } => {
                writer.byte(1);
                writer.u64(*input);
                given.write(&mut writer);
            }
            Order::Written => writer.byte(2),
            Order::StepWall { by_ns } => {
                writer.byte(3);
                writer.i64(*by_ns);
            }
            Order::Stop => writer.byte(4),
            Order::Arm(Moment::BeforeWork) => writer.byte(5),
            Order::Arm(Moment::AfterWork) => writer.byte(6),
            Order::Disarm => writer.byte(7),
        }
        writer.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Order> {
        let mut reader = Reader::new(bytes);
        let order = match reader.byte()? {
            0 => Order::Welcome {
                rate: Rate { speed: NonZeroU32::new(reader.u32()?)?, drift_ppb: reader.u32()?.cast_signed() },
                wall: Wall {
                    machine: WallTime::from_ns(reader.u64()?),
                    epoch: WallTime::from_ns(reader.u64()?),
                    ahead_ns: reader.i64()?,
                },
                folder: reader.text()?,
                setup: reader.bytes()?.to_vec(),
            },
            1 => Order::Give { input: reader.u64()?, given: Given::read(&mut reader)? },
            2 => Order::Written,
            3 => Order::StepWall { by_ns: reader.i64()? },
            4 => Order::Stop,
            5 => Order::Arm(Moment::BeforeWork),
            6 => Order::Arm(Moment::AfterWork),
            7 => Order::Disarm,
            _ => return None,
        };
        reader.end(order)
    }
}

impl Given {
    fn write(&self, writer: &mut Writer) {
        match self {
            Given::Start => writer.byte(0),
            Given::Restart => writer.byte(1),
            Given::Message { from, payload } => {
                writer.byte(2);
                writer.u32(from.number());
                writer.bytes(payload);
            }
            Given::Request(payload) => {
                writer.byte(3);
                writer.bytes(payload);
            }
            Given::Leave => writer.byte(4),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Given> {
        Some(match reader.byte()? {
            0 => Given::Start,
            1 => Given::Restart,
            2 => Given::Message { from: NodeId::new(reader.u32()?), payload: reader.bytes()?.to_vec() },
            3 => Given::Request(reader.bytes()?.to_vec()),
            4 => Given::Leave,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
