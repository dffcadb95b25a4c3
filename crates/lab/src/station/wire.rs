//! How a message of a station stands on a link: as bytes, of which any may flip.

use std::sync::Arc;

use constellation_clock::bytes::{Fault, Limits, Reader, Wire, Writer};
use constellation_clock::{Error, VectorStamp};

use super::{Message, Occasion};
use crate::resolver::{News, NewsKind};

impl Message {
    /// Lamport time, vector, occasion, and the news, each behind its kind and its length.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.varint(self.lamport);
        self.vector.write(&mut writer);
        writer.varint(match self.occasion {
            Occasion::Update => 0,
            Occasion::Offer => 1,
        });
        let mut bytes = writer.into_bytes();
        for news in &*self.news {
            let news_bytes = news.encode();
            let mut head = Writer::default();
            head.varint(match news.kind() {
                NewsKind::Siblings => 0,
                NewsKind::Winner => 1,
            });
            head.varint(news_bytes.len() as u64);
            bytes.extend_from_slice(&head.into_bytes());
            bytes.extend_from_slice(&news_bytes);
        }
        bytes
    }

    /// The message that the bytes stand for.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Message, Error> {
        let mut reader = Reader::new(bytes);
        let lamport = reader.varint()?;
        let vector = VectorStamp::read(&mut reader, &Limits::STANDARD, None)?;
        let occasion = match reader.varint()? {
            0 => Occasion::Update,
            1 => Occasion::Offer,
            _ => return Err(reader.fault(Fault::VarintOverflow).into()),
        };
        let mut rest = rest_of(bytes, &reader);
        let mut news = Vec::new();
        while !rest.is_empty() {
            let mut reader = Reader::new(rest);
            let kind = match reader.varint()? {
                0 => NewsKind::Siblings,
                1 => NewsKind::Winner,
                _ => return Err(reader.fault(Fault::VarintOverflow).into()),
            };
            let length = usize::try_from(reader.varint()?).unwrap_or(usize::MAX);
            let torn = || Error::from(reader.fault(Fault::Truncated));
            let (of_news, after) = rest_of(rest, &reader).split_at_checked(length).ok_or_else(torn)?;
            news.push(News::decode(kind, of_news)?);
            rest = after;
        }
        if news.is_empty() {
            // Nobody sends a message without news.
            return Err(Reader::new(rest).fault(Fault::Truncated).into());
        }
        Ok(Message { lamport, vector, occasion, news: Arc::new(news) })
    }

    /// What arrives when one bit flips, the one of number `how`, counted from the first again after the last; `None` if
    /// that is no message.
    pub(super) fn corrupted(&self, how: u32) -> Option<Message> {
        let mut bytes = self.encode();
        let how = usize::try_from(how).unwrap_or(usize::MAX);
        let bit = how % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        Message::decode(&bytes).ok()
    }
}

fn rest_of<'a>(bytes: &'a [u8], reader: &Reader<'_>) -> &'a [u8] {
    let rest = usize::try_from(reader.remaining()).unwrap_or(usize::MAX);
    &bytes[bytes.len().saturating_sub(rest)..]
}

#[cfg(test)]
mod tests {
    use constellation_fabric::{Effects, Input, Node, Now};
    use constellation_trace::NodeId;

    use super::super::{DiskSync, Rules, Station};
    use super::*;
    use crate::resolver::Resolver;

    /// The messages of a station that accepts two updates, under each resolver.
    fn messages() -> Vec<(Resolver, Message)> {
        let mut messages = Vec::new();
        for (_, resolver) in Resolver::NAMES {
            let mut station = station(resolver, 0);
            let mut effects = Effects::new();
            for key in ["attitude", "orbit"] {
                station.submit(Now::ZERO, key, "nadir", &mut effects);
            }
            station.offer(&mut effects);
            let sends = effects.steps().iter().flat_map(|step| step.sends.clone());
            messages.extend(sends.map(|(_, message)| (resolver, message)));
        }
        messages
    }

    fn station(resolver: Resolver, me: u32) -> Station {
        let nodes = vec!["pacific".to_owned(), "atlantic".to_owned()];
        Station::new(
            Arc::new(Rules { nodes, resolver, anti_entropy: None, sync: DiskSync::Always }),
            NodeId::new(me),
        )
    }

    #[test]
    fn a_message_is_what_its_bytes_stand_for() {
        for (_, message) in messages() {
            let bytes = message.encode();
            assert_eq!(Message::decode(&bytes), Ok(message.clone()));
            assert_eq!(Station::wire_bytes(&message), u32::try_from(bytes.len()).expect("short"));
            for length in 0..bytes.len() {
                // What is cut short in its last news may end with the one before.
                assert_ne!(Message::decode(&bytes[..length]), Ok(message.clone()));
            }
        }
    }

    #[test]
    fn a_station_is_safe_from_every_bit_that_flips_and_some_of_them_are_not_seen() {
        for (resolver, message) in messages() {
            let bits = u32::try_from(message.encode().len() * 8).expect("short");
            let (mut unreadable, mut read) = (0, 0);
            for how in 0..bits {
                let Some(corrupted) = Station::corrupted(&message, how) else {
                    unreadable += 1;
                    continue;
                };
                assert_ne!(corrupted, message, "bit {how} says nothing");
                read += 1;
                let mut atlantic = station(resolver, 1);
                let mut effects = Effects::receiving();
                let input = Input::Message { from: NodeId::new(0), message: corrupted };
                atlantic.on(Now::ZERO, input, &mut effects);
                // Whatever it believes, it can write down and read again.
                let mut effects = Effects::new();
                atlantic.submit(Now::ZERO, "attitude", "yaw", &mut effects);
                assert!(!effects.steps().is_empty());
            }
            assert!(unreadable > 0 && read > 0, "{unreadable} unreadable, {read} read");
            assert_eq!(Station::corrupted(&message, bits), Station::corrupted(&message, 0));
        }
    }
}
