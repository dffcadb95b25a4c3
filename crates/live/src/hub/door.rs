//! Where processes come in: a socket on the loopback that lets in who knows the token.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use constellation_trace::NodeId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::frame::{FRAME_BYTES_MAX, FrameError, Frames, write_frame};
use crate::protocol::{HELLO_BYTES_MAX, Hello, Report};
use crate::ticket::{Ticket, Token};

/// What reaches the hub from outside.
#[derive(Debug)]
pub(super) enum Happening {
    /// Somebody with the token is there, as this node in this life.
    Connected { line: LineId, node: NodeId, incarnation: u32, orders: mpsc::UnboundedSender<Vec<u8>> },
    /// A process said something.
    Reported { line: LineId, node: NodeId, report: Report },
    /// The line of a process ended: the process did, or said what is no report.
    Closed { line: LineId, node: NodeId },
    /// What a process was to be told is too long for a frame.
    Untold { node: NodeId, error: FrameError },
    /// Somebody came who did not know the token.
    Stranger,
}

/// One connection, unlike every other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LineId(u64);

/// How long a stranger may keep silent.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// How many may be at the door before they have shown that they are ours.
const STRANGERS_MAX: usize = 256;

/// How many reports may wait for the hub; a process that says more waits.
const REPORTS_MAX: usize = 1_024;

/// The open door; closed when it is dropped.
#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    token: Token,
    pub(super) happenings: mpsc::Receiver<Happening>,
    listening: JoinHandle<()>,
}

impl Door {
    pub(super) async fn open() -> io::Result<Door> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, token) = (listener.local_addr()?, Token::random()?);
        let (sender, happenings) = mpsc::channel(REPORTS_MAX);
        let listening = tokio::spawn(listen(listener, token, sender));
        Ok(Door { address, token, happenings, listening })
    }

    /// What a process of this node needs to come in.
    pub(super) const fn ticket(&self, node: NodeId, incarnation: u32) -> Ticket {
        Ticket { address: self.address, node, incarnation, token: self.token }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, token: Token, happenings: mpsc::Sender<Happening>) {
    let room = Arc::new(Semaphore::new(STRANGERS_MAX));
    for number in 0.. {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // The one who came is gone again, or there are too many open files: later there may be fewer.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let happenings = happenings.clone();
        tokio::spawn(async move {
            let greeted = tokio::time::timeout(SILENCE_MAX, greet(stream, token)).await;
            drop(permit);
            match greeted {
                Ok(Some((hello, frames, writer))) => {
                    attend(LineId(number), hello, frames, writer, happenings).await;
                }
                // The hub may have ended meanwhile.
                _ => drop(happenings.send(Happening::Stranger).await),
            }
        });
    }
}

type Reading = Frames<tokio::net::tcp::OwnedReadHalf>;
type Writing = tokio::net::tcp::OwnedWriteHalf;

/// Whether somebody is ours; who is not is told nothing.
async fn greet(stream: TcpStream, token: Token) -> Option<(Hello, Reading, Writing)> {
    stream.set_nodelay(true).ok()?;
    let (reader, writer) = stream.into_split();
    let mut frames = Frames::new(reader, HELLO_BYTES_MAX);
    let hello = Hello::decode(&frames.next().await.ok()??)?;
    frames.set_bytes_max(FRAME_BYTES_MAX);
    (hello.token == token).then_some((hello, frames, writer))
}

/// Passes on what a process says, in order, until its line ends.
async fn attend(
    line: LineId,
    hello: Hello,
    mut frames: Reading,
    mut writer: Writing,
    happenings: mpsc::Sender<Happening>,
) {
    let Hello { node, incarnation, .. } = hello;
    let (orders, mut waiting) = mpsc::unbounded_channel::<Vec<u8>>();
    // In a task of its own: a process that is stopped reads nothing, and what it has said before must be heard.
    let untold = happenings.clone();
    tokio::spawn(async move {
        while let Some(order) = waiting.recv().await {
            // A process that is gone is noticed by its silence.
            if let Err(error @ FrameError::TooLong { .. }) = write_frame(&mut writer, &order).await {
                // The hub may have ended meanwhile.
                let _ = untold.send(Happening::Untold { node, error }).await;
            }
        }
    });
    if happenings.send(Happening::Connected { line, node, incarnation, orders }).await.is_err() {
        return;
    }
    while let Ok(Some(frame)) = frames.next().await {
        let Some(report) = Report::decode(&frame) else { break };
        if happenings.send(Happening::Reported { line, node, report }).await.is_err() {
            return;
        }
    }
    // The hub may have ended meanwhile.
    let _ = happenings.send(Happening::Closed { line, node }).await;
}
