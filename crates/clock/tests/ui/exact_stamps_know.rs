use constellation_clock::{Clock, DottedClock, Error, ExactStamp, Stamp, VectorClock};

fn main() -> Result<(), Error> {
    let (mut x, mut y) = (VectorClock::new("x"), VectorClock::new("y"));
    let (a, b) = (x.event()?, y.event()?);
    a.compare(&b);
    a.is_concurrent(&b);
    let (mut x, mut y) = (DottedClock::new("x"), DottedClock::new("y"));
    let (a, b) = (x.event()?, y.event()?);
    a.compare(&b);
    a.is_concurrent(&b);
    Ok(())
}
