//! Nodes that speak with their own kind alone.

fn greet(peer: &Hello) -> Result<(), Error> {
    if peer.version != PROTOCOL_VERSION { //~ admin::exact-version-handshake
        return Err(Error::Version(peer.version));
    }
    Ok(())
}

fn answer(link: &mut Link, remote_version: u16) {
    if remote_version != link.own_version() { //~ admin::exact-version-handshake
        link.close();
    }
}
