//! Nodes that speak with others, and versions of other things.

fn greet(peer: &Hello) -> Result<u16, Error> {
    if peer.version != PROTOCOL_VERSION && !SUPPORTED.contains(&peer.version) {
        return Err(Error::Version(peer.version));
    }
    Ok(peer.version)
}

fn open(header: &Header) -> Result<(), Error> {
    if header.version != FORMAT_VERSION {
        return Err(Error::Format(header.version));
    }
    Ok(())
}

fn socks(remote: &Greeting) -> Result<(), Error> {
    if remote.version != 5 {
        return Err(Error::NoSocks);
    }
    Ok(())
}

fn tell(peer: &Hello) {
    if peer.version != PROTOCOL_VERSION {
        log::info!("the peer has another version");
    }
}
