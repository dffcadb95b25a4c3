//! Small servers that behave, and some that do not.

use std::io::{self, BufRead, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, exit};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// On which port servants listen.
const PORT: u16 = 7_077;

pub(crate) fn main() {
    constellation_testbed::serve_if_site();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["echo"] => echo(),
        ["tcp-echo", at] => tcp_echo(at),
        ["ping", from, to, count, every_us] => {
            ping(from, to, number(count), Duration::from_micros(number(every_us)))
        }
        ["blast", from, to, count] => blast(from, to, number(count)),
        ["listen", at] => listen(at),
        ["talk", to] => talk(to),
        ["wall"] => wall(),
        ["store"] => store(),
        ["family"] => family(),
        ["sleep"] => sleep_on(),
        ["flood"] => flood(),
        ["endless"] => endless(),
        ["deaf"] => sleep_on(),
        ["nonsense"] => io::stdout().write_all(&[0xff, 0xfe, b'\n', 0, 1, b'\n', b'x']),
        ["die", status] => exit(i32::try_from(number(status)).unwrap_or(1)),
        ["whoami"] => said(&std::fs::read_to_string("/proc/self/status").unwrap_or_default()),
        ["open", folder, mode] => open(folder, mode),
        _ => Err(io::Error::other(format!("no servant does {arguments:?}"))),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        exit(1);
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

fn said(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn monotonic_ns() -> u64 {
    use std::sync::OnceLock;
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let start = START.get_or_init(std::time::Instant::now);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Says each line again.
fn echo() -> io::Result<()> {
    io::stdin().lock().lines().try_for_each(|line| said(&line?))
}

/// Sends back what comes, on each connection.
fn tcp_echo(at: &str) -> io::Result<()> {
    let listener = TcpListener::bind((at, PORT))?;
    said("ready")?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_nodelay(true)?;
        std::thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                if stream.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
        });
    }
    Ok(())
}

/// Per line a round trip over one TCP connection: says how long it took, in nanoseconds.
fn talk(to: &str) -> io::Result<()> {
    // constellation: allow(connect-no-timeout, reason = "the test that asks has its own patience")
    let mut stream = TcpStream::connect((to, PORT))?;
    stream.set_nodelay(true)?;
    said("connected")?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let begun = monotonic_ns();
        stream.write_all(line.as_bytes())?;
        let mut answer = vec![0; line.len()];
        stream.read_exact(&mut answer)?;
        said(&format!("{} {}", monotonic_ns() - begun, String::from_utf8_lossy(&answer)))?;
    }
    Ok(())
}

/// Takes datagrams; for each says its number, and sends it back.
fn listen(at: &str) -> io::Result<()> {
    let socket = UdpSocket::bind((at, PORT))?;
    said("ready")?;
    let mut buffer = [0; 2_048];
    loop {
        let (length, from) = socket.recv_from(&mut buffer)?;
        let Some(first) = buffer[..length].first_chunk::<8>() else { continue };
        said(&format!("{} {}", u64::from_le_bytes(*first), is_intact(&buffer[8..length])))?;
        socket.send_to(&buffer[..length], from)?;
    }
}

/// What a datagram carries after its number.
fn filling(number: u64) -> Vec<u8> {
    (0..64).map(|place| (number as u8).wrapping_mul(31).wrapping_add(u8::wrapping_mul(place, 7))).collect()
}

fn is_intact(bytes: &[u8]) -> &'static str {
    let steps = bytes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 7);
    if steps { "intact" } else { "corrupt" }
}

fn datagram(number: u64) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.extend(filling(number));
    bytes
}

/// Sends datagrams at a pace, waiting for the answer of each: says for each how long it took, or that there was none.
fn ping(from: &str, to: &str, count: u64, every: Duration) -> io::Result<()> {
    let socket = UdpSocket::bind((from, 0))?;
    socket.connect((to, PORT))?;
    socket.set_read_timeout(Some(every))?;
    let mut buffer = [0; 2_048];
    for number in 0..count {
        let begun = monotonic_ns();
        socket.send(&datagram(number))?;
        loop {
            match socket.recv(&mut buffer) {
                Ok(length) if buffer[..length].starts_with(&number.to_le_bytes()) => {
                    said(&format!("{number} {}", monotonic_ns() - begun))?;
                    break;
                }
                Ok(_) => {}
                Err(_) => {
                    said(&format!("{number} none"))?;
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Sends datagrams as a burst now and then, and waits for nothing.
fn blast(from: &str, to: &str, count: u64) -> io::Result<()> {
    let socket = UdpSocket::bind((from, 0))?;
    for number in 0..count {
        socket.send_to(&datagram(number), (to.parse::<Ipv4Addr>().map_err(io::Error::other)?, PORT))?;
        if number % 32 == 31 {
            std::thread::sleep(Duration::from_millis(2)); // A device holds some hundred packets that nobody took yet.
        }
    }
    said("sent")?;
    sleep_on() // A socket that is closed would answer the answers: there is nobody.
}

/// For each line, what the wall clock shows, in seconds, and how long that took by the other clock.
fn wall() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        line?;
        let shown = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        said(&format!("{} {}", shown.as_secs(), monotonic_ns() / 1_000_000_000))?;
    }
    Ok(())
}

/// Appends each line to a file, and says how many are there.
fn store() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open("kept")?;
        writeln!(file, "{}", line?)?;
        file.sync_all()?;
        said(&std::fs::read_to_string("kept")?.lines().count().to_string())?;
    }
    Ok(())
}

/// A process with a child, and that with one in a session of its own: each beats.
fn family() -> io::Result<()> {
    let own = std::env::current_exe()?;
    let mut child = Command::new("setsid").arg(own).arg("sleep").spawn()?;
    said(&format!("child {}", child.id()))?;
    child.wait().map(drop)
}

fn sleep_on() -> io::Result<()> {
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn flood() -> io::Result<()> {
    let lines = "too much\n".repeat(1_000);
    loop {
        io::stdout().write_all(lines.as_bytes())?;
    }
}

fn endless() -> io::Result<()> {
    io::stdout().write_all(&vec![b'x'; 100_000])?;
    sleep_on()
}

/// Opens a testbed of its own in a folder, starts something at each site, says so, and waits to be killed; or for the end
/// of its input, and then ends in order.
fn open(folder: &str, mode: &str) -> io::Result<()> {
    use constellation_fabric::{Calm, Link};
    use constellation_testbed::{Mode, Options, Pipes, Testbed};
    let mut options = Options::new(2, Link::INSTANT, Box::new(Calm));
    options.folder = Some(folder.into());
    options.mode = if mode == "proxies" { Mode::Proxies } else { Mode::Switch };
    options.ports = vec![PORT];
    let testbed = Testbed::open(options).map_err(io::Error::other)?;
    for site in testbed.sites() {
        let own = std::env::current_exe()?;
        let command = constellation_testbed::Command::new("family", own).args(["family"]).pipes(Pipes::Log);
        let _ = site.spawn(command).map_err(io::Error::other)?;
    }
    let keepers: Vec<String> = testbed.sites().map(|site| site.keeper().to_string()).collect();
    said(&format!("open {}", keepers.join(" ")))?;
    io::stdin().lock().read_to_end(&mut Vec::new())?;
    drop(testbed);
    said("closed")
}
