//! The measurements, and the servers that they measure.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use constellation_fabric::{Calm, Link};
use constellation_testbed::{
    Command, Joined, Mode, Options, Pipes, Process, Said, Testbed, TestbedError, serve_if_site,
};

/// Where the servants of this example listen.
const PORT: u16 = 7_077;

/// How many round trips are measured.
const TRIPS: usize = 2_000;

/// How long a line of a servant is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn main() {
    serve_if_site();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => measure().map_err(io::Error::other),
        ["answer", at] => answer(at),
        ["ask", to] => ask(to),
        ["count", at] => count(at),
        ["blast", to] => blast(to),
        _ => Err(io::Error::other("this example takes no arguments")),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(2);
    }
}

fn measure() -> Result<(), TestbedError> {
    for mode in [Mode::Switch, Mode::Proxies] {
        println!("{mode:?}");
        let mut took: Vec<Duration> = Vec::new();
        for _ in 0..20 {
            let begun = Instant::now();
            let testbed = open(mode, Link::INSTANT)?;
            took.push(begun.elapsed());
            drop(testbed);
        }
        took.sort();
        println!("  three sites stand in {:.1?} (median of 20)", took[took.len() / 2]);
        for latency in [Duration::ZERO, Duration::from_millis(10)] {
            round_trips(mode, latency)?;
        }
    }
    packets()
}

fn open(mode: Mode, link: Link) -> Result<Testbed, TestbedError> {
    let mut options = Options::new(3, link, Box::new(Calm));
    options.mode = mode;
    options.ports = vec![PORT];
    Testbed::open(options)
}

fn round_trips(mode: Mode, latency: Duration) -> Result<(), TestbedError> {
    let testbed = open(mode, Link { latency_min: latency, latency_max: latency, ..Link::INSTANT })?;
    let _server = start(&testbed, 1, ["answer", &testbed.address(1, 1).to_string()])?;
    let client = start(&testbed, 0, ["ask", &testbed.address(0, 1).to_string()])?;
    println!("  latency {latency:?}: {}", line(&client));
    let (late, wakes) = (testbed.lateness(), testbed.wakes());
    if testbed.joined() == Joined::Switch {
        let rest = [100_000, 10_000].map(|ppm| (late.all_but(ppm), wakes.all_but(ppm)));
        println!(
            "    late: 9 in 10 below {:?}, 99 in 100 below {:?}; of {}",
            rest[0].0,
            rest[1].0,
            late.count()
        );
        println!("    woken late: 9 in 10 below {:?}, 99 in 100 below {:?}", rest[0].1, rest[1].1);
    }
    Ok(())
}

fn packets() -> Result<(), TestbedError> {
    let testbed = open(Mode::Switch, Link::INSTANT)?;
    let to = testbed.address(0, 1).to_string();
    let server = start(&testbed, 1, ["count", &to])?;
    let client = start(&testbed, 0, ["blast", &to])?;
    println!("Packets\n  sent: {}\n  arrived: {}", line(&client), line(&server));
    println!("  {:?}", testbed.counts(0, 1));
    Ok(())
}

fn start(testbed: &Testbed, site: usize, arguments: [&str; 2]) -> Result<Process, TestbedError> {
    let command = Command::new("servant", "/proc/self/exe");
    let lines = Pipes::Lines { bytes_per_second_max: 1 << 20 };
    let process = testbed.site(site).spawn(command.args(arguments).pipes(lines))?;
    assert_eq!(line(&process), "ready");
    Ok(process)
}

fn line(process: &Process) -> String {
    match process.read_line(PATIENCE) {
        Said::Line { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
        other => format!("{other:?}; {}", std::fs::read_to_string(process.log()).unwrap_or_default()),
    }
}

fn say(line: &str) -> io::Result<()> {
    println!("{line}");
    io::stdout().flush()
}

fn answer(at: &str) -> io::Result<()> {
    let listener = TcpListener::bind((at, PORT))?;
    say("ready")?;
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let mut byte = [0];
    while stream.read_exact(&mut byte).and_then(|()| stream.write_all(&byte)).is_ok() {}
    Ok(())
}

fn ask(to: &str) -> io::Result<()> {
    // constellation: allow(connect-no-timeout, reason = "both ends are ours, and the reader of the lines has its patience")
    let mut stream = TcpStream::connect((to, PORT))?;
    stream.set_nodelay(true)?;
    say("ready")?;
    let begun = Instant::now();
    let mut took = Vec::new();
    while took.len() < TRIPS && begun.elapsed() < Duration::from_secs(5) {
        let begun = Instant::now();
        stream.write_all(b"?").and_then(|()| stream.read_exact(&mut [0]))?;
        took.push(begun.elapsed());
    }
    took.sort();
    let [second, half, most] = [1, took.len() / 2, took.len() * 99 / 100].map(|place| took[place]);
    say(&format!("round trip of TCP: second least {second:?}, median {half:?}, 99 in 100 below {most:?}"))
}

fn count(at: &str) -> io::Result<()> {
    let socket = UdpSocket::bind((at, PORT))?;
    say("ready")?;
    let mut buffer = [0; 2_048];
    socket.recv(&mut buffer)?;
    let (begun, mut count) = (Instant::now(), 1_u32);
    while begun.elapsed() < Duration::from_secs(2) {
        socket.recv(&mut buffer)?;
        count += 1;
    }
    say(&format!("{} a second", count / 2))
}

fn blast(to: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(("0.0.0.0", 0))?;
    say("ready")?;
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < Duration::from_secs(3) {
        socket.send_to(&[0; 100], (to, PORT))?;
        count += 1;
    }
    say(&format!("{} a second", count / 3))
}
