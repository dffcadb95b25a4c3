//! Who sits in the processes of a live run: stations, each with its desk, and clients; and what they are told.

use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_live::bytes::{Reader, Writer};
use constellation_live::{RemoteNode, WireNode};
use constellation_sim::clients::{Client, Identity, Pace, Party, RequestId, Retry, Workload};
use constellation_trace::NodeId;

use crate::desk::{Desk, Mail};
use crate::resolver::Resolver;
use crate::simulate::station_shows;
use crate::station::{DiskSync, Message, Request, Rules, Station};

/// A station with its desk, or a client: the same state machines as in a simulation.
pub(super) struct Crew(Party<Desk<Station>>);

/// What every process of a run is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Briefing {
    pub(super) rules: Rules,
    /// What the clients do, whose ids follow those of the stations.
    pub(super) workloads: Vec<Workload>,
}

impl Crew {
    /// The one that is this node; nobody, if there is no such node.
    pub(super) fn of(briefing: &Briefing, me: NodeId) -> Option<Crew> {
        let party = match me.index().checked_sub(briefing.rules.nodes.len()) {
            None => {
                Party::Server(Desk::new(Station::new(Arc::new(briefing.rules.clone()), me), station_shows))
            }
            Some(client) => Party::Client(Client::new(me, Arc::new(briefing.workloads.get(client)?.clone()))),
        };
        Some(Crew(party))
    }
}

impl Node for Crew {
    type Message = Mail<Message>;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Self::Message, Request>, effects: &mut Effects<Self::Message>) {
        self.0.on(now, input, effects);
    }

    fn wire_bytes(message: &Self::Message) -> u32 {
        Party::<Desk<Station>>::wire_bytes(message)
    }

    fn corrupted(message: &Self::Message, how: u32) -> Option<Self::Message> {
        Party::<Desk<Station>>::corrupted(message, how)
    }
}

impl WireNode for Station {
    fn encode(message: &Message) -> Vec<u8> {
        message.encode()
    }

    fn decode(bytes: &[u8]) -> Option<Message> {
        Message::decode(bytes).ok()
    }
}

impl RemoteNode for Station {
    fn encode_request(request: &Request) -> Vec<u8> {
        let mut writer = Writer::default();
        match request {
            Request::Submit { key, value } => {
                writer.byte(0);
                writer.text(key);
                writer.text(value);
            }
            Request::Read { key } => {
                writer.byte(1);
                writer.text(key);
            }
            Request::Rest => writer.byte(2),
        }
        writer.into_bytes()
    }

    fn decode_request(bytes: &[u8]) -> Option<Request> {
        let mut reader = Reader::new(bytes);
        let request = match reader.byte()? {
            0 => Request::Submit { key: reader.text()?, value: reader.text()? },
            1 => Request::Read { key: reader.text()? },
            2 => Request::Rest,
            _ => return None,
        };
        reader.end(request)
    }
}

impl WireNode for Crew {
    fn encode(message: &Self::Message) -> Vec<u8> {
        let mut writer = Writer::default();
        match message {
            Mail::Station(message) => {
                writer.byte(0);
                writer.bytes(&Station::encode(message));
            }
            Mail::Request(id, call) => {
                writer.byte(1);
                write_id(&mut writer, *id);
                writer.call(call);
            }
            Mail::Reply(id, completion) => {
                writer.byte(2);
                write_id(&mut writer, *id);
                writer.completion(completion);
            }
        }
        writer.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Self::Message> {
        let mut reader = Reader::new(bytes);
        let mail = match reader.byte()? {
            0 => Mail::Station(Station::decode(reader.bytes()?)?),
            1 => Mail::Request(read_id(&mut reader)?, reader.call()?),
            2 => Mail::Reply(read_id(&mut reader)?, reader.completion()?),
            _ => return None,
        };
        reader.end(mail)
    }
}

impl RemoteNode for Crew {
    fn encode_request(request: &Request) -> Vec<u8> {
        Station::encode_request(request)
    }

    fn decode_request(bytes: &[u8]) -> Option<Request> {
        Station::decode_request(bytes)
    }
}

fn write_id(writer: &mut Writer, id: RequestId) {
    writer.u32(id.client.number());
    writer.u32(id.operation);
    writer.u32(id.attempt);
}

fn read_id(reader: &mut Reader<'_>) -> Option<RequestId> {
    Some(RequestId { client: NodeId::new(reader.u32()?), operation: reader.u32()?, attempt: reader.u32()? })
}

impl Briefing {
    pub(super) fn encode(&self) -> Vec<u8> {
        let Rules { nodes, resolver, anti_entropy, sync } = &self.rules;
        let mut writer = Writer::default();
        writer.texts(nodes);
        writer.text(resolver.name());
        writer.maybe(*anti_entropy, write_time);
        writer.byte(u8::from(*sync == DiskSync::Never));
        writer.count(self.workloads.len());
        self.workloads.iter().for_each(|workload| write_workload(&mut writer, workload));
        writer.into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Briefing> {
        let mut reader = Reader::new(bytes);
        let nodes = reader.texts()?;
        let name = reader.text()?;
        let (_, resolver) = *Resolver::NAMES.iter().find(|(known, _)| *known == name)?;
        let anti_entropy = reader.maybe(read_time)?;
        let sync = if reader.byte()? == 0 { DiskSync::Always } else { DiskSync::Never };
        let rules = Rules { nodes, resolver, anti_entropy, sync };
        let workloads = reader.all(read_workload)?;
        reader.end(Briefing { rules, workloads })
    }
}

fn write_time(writer: &mut Writer, time: Duration) {
    writer.u64(time.as_secs());
    writer.u32(time.subsec_nanos());
}

fn read_time(reader: &mut Reader<'_>) -> Option<Duration> {
    const SECOND: u32 = 1_000_000_000;
    let (seconds, ns) = (reader.u64()?, reader.u32()?);
    (ns < SECOND).then(|| Duration::new(seconds, ns))
}

fn write_workload(writer: &mut Writer, workload: &Workload) {
    writer.count(workload.servers.len());
    workload.servers.iter().for_each(|server| writer.u32(server.number()));
    write_time(writer, workload.begin);
    write_time(writer, workload.until);
    let (kind, time) = match workload.pace {
        Pace::Open { every } => (0, every),
        Pace::Closed { think } => (1, think),
    };
    writer.byte(kind);
    write_time(writer, time);
    let Retry { timeout, retries_max, backoff, identity, .. } = workload.retry;
    write_time(writer, timeout);
    writer.u32(retries_max);
    write_time(writer, backoff);
    writer.byte(u8::from(identity == Identity::Renewed));
    writer.count(workload.calls.len());
    workload.calls.iter().for_each(|call| writer.call(call));
}

fn read_workload(reader: &mut Reader<'_>) -> Option<Workload> {
    let servers = reader.all(|reader| reader.u32().map(NodeId::new))?;
    let (begin, until) = (read_time(reader)?, read_time(reader)?);
    let (kind, time) = (reader.byte()?, read_time(reader)?);
    let pace = if kind == 0 { Pace::Open { every: time } } else { Pace::Closed { think: time } };
    let mut retry = Retry::NEVER;
    (retry.timeout, retry.retries_max, retry.backoff) =
        (read_time(reader)?, reader.u32()?, read_time(reader)?);
    retry.identity = if reader.byte()? == 0 { Identity::Kept } else { Identity::Renewed };
    let calls = reader.all(Reader::call)?;
    let mut workload = Workload::new(servers, pace, retry, calls);
    (workload.begin, workload.until) = (begin, until);
    Some(workload)
}

#[cfg(test)]
mod tests {
    use constellation_trace::{Call, Completion};

    use super::*;

    fn briefing() -> Briefing {
        let calls = vec![
            Call::Read { key: "k".to_owned() },
            Call::Write { key: "k".to_owned(), value: "yaw".to_owned() },
        ];
        let pace = Pace::Open { every: Duration::from_millis(1_500) };
        let mut renewed = Retry::times(3, Duration::from_nanos(1));
        renewed.identity = Identity::Renewed;
        let mut late = Workload::new([NodeId::new(1), NodeId::new(0)], pace, renewed, calls);
        (late.begin, late.until) = (Duration::from_secs(1), Duration::from_secs(9));
        let think = Pace::Closed { think: Duration::ZERO };
        let idle = Workload::new([NodeId::new(0)], think, Retry::NEVER, Vec::new());
        let rules = Rules {
            nodes: vec!["pacific".to_owned(), "atlantic".to_owned()],
            resolver: Resolver::LamportLww,
            anti_entropy: Some(Duration::from_millis(250)),
            sync: DiskSync::Never,
        };
        Briefing { rules, workloads: vec![late, idle] }
    }

    /// What is cut anywhere is nothing, and so is what goes on.
    fn check<T: PartialEq + std::fmt::Debug>(value: &T, bytes: &[u8], decode: fn(&[u8]) -> Option<T>) {
        assert_eq!(decode(bytes).as_ref(), Some(value));
        for length in 0..bytes.len() {
            assert_ne!(decode(&bytes[..length]).as_ref(), Some(value), "{length} bytes");
        }
        assert_eq!(decode(&[bytes, b"!"].concat()), None);
    }

    #[test]
    fn what_a_process_is_told_makes_the_same_crew() {
        let briefing = briefing();
        check(&briefing, &briefing.encode(), Briefing::decode);
        assert!([0, 1, 2, 3].iter().all(|node| Crew::of(&briefing, NodeId::new(*node)).is_some()));
        assert!(Crew::of(&briefing, NodeId::new(4)).is_none(), "there are two stations and two clients");
    }

    #[test]
    fn requests_and_mail_are_what_their_bytes_stand_for() {
        let key = || "mss-17/attitude".to_owned();
        for request in [
            Request::Submit { key: key(), value: "ü".to_owned() },
            Request::Read { key: key() },
            Request::Rest,
        ] {
            check(&request, &Station::encode_request(&request), Station::decode_request);
        }
        let id = RequestId { client: NodeId::new(4), operation: 7, attempt: 1 };
        for mail in [
            Mail::Request(id, Call::Read { key: key() }),
            Mail::Reply(id, Completion::Shows(vec![key(), String::new()])),
            Mail::Reply(id, Completion::Failed { reason: key() }),
        ] {
            check(&mail, &Crew::encode(&mail), Crew::decode);
        }
        let mut effects = Effects::new();
        let mut station = Station::new(Arc::new(briefing().rules), NodeId::new(0));
        let submit = Input::Request(Request::Submit { key: key(), value: "yaw".to_owned() });
        station.on(Now::ZERO, submit, &mut effects);
        let mut messages = effects.steps().iter().flat_map(|step| &step.sends).map(|(_, message)| message);
        let mail = Mail::Station(messages.next().expect("it tells the other").clone());
        check(&mail, &Crew::encode(&mail), Crew::decode);
    }

    #[test]
    fn foreign_bytes_are_nothing() {
        for bytes in [&b""[..], b"\x07", b"\x00\xff\xff\xff\xff", b"\x01\x00", &[0; 64], &[0xff; 64]] {
            assert!(Crew::decode(bytes).is_none(), "{bytes:?}");
            assert!(Briefing::decode(bytes).is_none(), "{bytes:?}");
        }
        assert!(Station::decode_request(b"\x02\x02").is_none());
    }
}
