//! Whoever comes without the token, or says what is nothing: refused without harm.

use std::io;
use std::net::SocketAddr;

use constellation_live::frame::framed;
use constellation_live::process::{ProcessError, run as run_process};
use constellation_live::{Act, Launch, Ticket};
use constellation_trace::Kind;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::beacon::{Ask, Beacon};
use crate::tasks::{Beacons, CALM, Task, at_ms, node, setup, whole};
use crate::told::count;

const ONE: Beacons = Beacons { count: 1, repeats: 0 };

fn address(ticket: &Ticket) -> SocketAddr {
    let line = ticket.to_string();
    line.split(' ').next().and_then(|word| word.parse().ok()).expect("it begins with the address")
}

/// A hello with this token, for the only node in its first life.
fn hello(token: [u8; 16]) -> Vec<u8> {
    let words = [&2_u32.to_le_bytes()[..], &16_u32.to_le_bytes(), &token, &[0; 8]];
    framed(&words.concat()).expect("it is short")
}

/// Says this as soon as the first process is launched, to whom it is not expected of.
struct Intruder<F> {
    says: Option<F>,
    inner: Beacons,
}

impl<F: FnOnce(&Ticket) -> Vec<Vec<u8>>> Launch for Intruder<F> {
    type Process = Task;

    fn launch(&mut self, ticket: &Ticket) -> io::Result<Task> {
        let Some(says) = self.says.take() else { return self.inner.launch(ticket) };
        let (address, says) = (address(ticket), says(ticket));
        let (ticket, mut inner) = (ticket.clone(), self.inner);
        // The process comes after the strangers, so that these are heard before the run is over.
        Ok(Task(tokio::spawn(async move {
            for bytes in says {
                let mut stream = TcpStream::connect(address).await.expect("the hub listens");
                stream.write_all(&bytes).await.expect("it is taken, if not read");
                // The hub may be the first to hang up.
                let _ = stream.shutdown().await;
                let mut rest = Vec::new();
                let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
                assert_eq!(rest, b"", "a stranger is told nothing");
            }
            let task = inner.launch(&ticket).expect("a task can be begun");
            let Task(handle) = &task;
            while !handle.is_finished() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })))
    }
}

#[tokio::test]
async fn who_does_not_know_the_token_is_told_nothing_and_does_no_harm() {
    let (mut setup, _folder) = setup(1);
    setup.plan = vec![(at_ms(50), Act::Request { node: node(0), request: Ask::Add(5) })];
    let says = |_: &Ticket| {
        vec![
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_vec(),
            u32::MAX.to_le_bytes().to_vec(),
            vec![0, 0],
            framed(b"").expect("it is short"),
            hello([7; 16]),
        ]
    };
    let live = whole(setup, CALM, Intruder { says: Some(says), inner: ONE }).await;
    assert_eq!(live.remarks, ["5 connections were refused: they knew no token"]);
    assert_eq!(count(&live.trace, "is at 5"), 1);
}

/// Knows the token, and says something that is no report.
struct Babbler(&'static [u8]);

impl Launch for Babbler {
    type Process = Task;

    fn launch(&mut self, ticket: &Ticket) -> io::Result<Task> {
        if ticket.incarnation() > 0 {
            return ONE.clone().launch(ticket);
        }
        let (address, line, babble) = (address(ticket), ticket.to_string(), framed(self.0));
        Ok(Task(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("the hub listens");
            let digits = line.rsplit(' ').next().expect("it ends with the token").to_owned();
            let pair = |place: usize| {
                u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).expect("hexadecimal")
            };
            stream.write_all(&hello(std::array::from_fn(pair))).await.expect("the hub reads");
            // The run has begun once the hub says something.
            stream.readable().await.expect("the hub is there");
            stream.write_all(&babble.expect("it is short")).await.expect("the hub reads");
            std::future::pending::<()>().await;
        })))
    }
}

async fn check(babble: &'static [u8], remark: &str) {
    let (setup, _folder) = setup(1);
    let live = whole(setup, CALM, Babbler(babble)).await;
    assert_eq!(live.remarks, [remark]);
    let kinds: Vec<_> = live.trace.events().iter().map(|event| event.kind).collect();
    assert_eq!(kinds[..2], [Kind::Crash, Kind::Restart { from: None }]);
    assert_eq!(count(&live.trace, "is at 0"), 1, "the next process is as good as any");
}

#[tokio::test]
async fn a_process_that_says_what_is_nothing_has_crashed() {
    check(b"\xff\xff", "the process of pacific ended by itself").await;
}

#[tokio::test]
async fn a_process_that_says_what_cannot_be_has_crashed() {
    // That it restarted, which it did not; that it has done what it was never given.
    let nonsense = "the process of pacific ended by itself: it said what cannot be";
    check(b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", nonsense).await;
    check(
        b"\x02\x01\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        nonsense,
    )
    .await;
}

#[test]
fn a_process_that_is_told_nothing_says_so() {
    // However long the line is: what never ends is not read to its end.
    let endless = std::io::BufReader::new(std::io::repeat(b'1'));
    let refused = run_process::<Beacon>(endless, |_| Err("never asked".to_owned()));
    assert!(matches!(refused, Err(ProcessError::Ticket(_))), "{refused:?}");
    let refused = run_process::<Beacon>(&b"hello\n"[..], |_| Err("never asked".to_owned()));
    assert!(matches!(refused, Err(ProcessError::Ticket(_))), "{refused:?}");
    let refused = refused.expect_err("it is no ticket").to_string();
    assert_eq!(
        refused,
        "what was read is not the line that the hub writes to a process: an address, a node, a life and a token"
    );
}
