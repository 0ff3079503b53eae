//! The line between a counter and head office: a real TCP path that can be cut and joined again.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::loopback::own_address;

/// A cable from a fixed address to the hub. Cutting it ends every connection at once and refuses
/// new ones, as a switched-off router does; a silent one takes everything and carries nothing.
#[derive(Debug)]
pub struct Cable {
    near: SocketAddr,
    state: Arc<Mutex<State>>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    flow: Flow,
    far: SocketAddr,
    open: Vec<TcpStream>,
    /// The end of the silence: the connection after which everything is carried again.
    last_lost: Option<SocketAddr>,
}

/// What happens to bytes on the cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Nothing is even taken.
    Cut,
    /// Taken and lost, as when the plug is out somewhere on the way.
    Lost,
    /// Carried.
    Carried,
}

impl State {
    /// Ends every connection.
    fn hang_up(&mut self) {
        for stream in self.open.drain(..) {
            // A connection that ended by itself cannot be shut down again.
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Cable {
    /// Lays a cable to `far` and joins it.
    ///
    /// # Errors
    /// When no local port can be had.
    pub fn lay(far: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((own_address(), 0))?;
        let near = listener.local_addr()?;
        let mut cable = Self {
            near,
            state: Arc::new(Mutex::new(State {
                flow: Flow::Cut,
                far,
                open: Vec::new(),
                last_lost: None,
            })),
            acceptor: None,
        };
        cable.accept(listener);
        Ok(cable)
    }

    /// Where a counter dials.
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    /// Cuts it. Does nothing when it is cut already.
    pub fn cut(&mut self) {
        let Some(acceptor) = self.acceptor.take() else {
            return;
        };
        {
            let mut state = lock(&self.state);
            state.flow = Flow::Cut;
            state.hang_up();
        }
        // Wakes the acceptor, which sees that the cable is cut and closes its socket.
        TcpStream::connect(self.near).ok();
        acceptor.join().ok();
    }

    /// Joins it again on the same address. Does nothing when it is joined already.
    ///
    /// # Errors
    /// When another program took the port meanwhile.
    pub fn join(&mut self) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.flow == Flow::Lost {
            // What was lost is not sent again, nor what waits to be taken; a router forgets such
            // connections too. They are taken in order, so one of our own marks the end of them.
            let mut last = TcpStream::connect(self.near)?;
            state.last_lost = Some(last.local_addr()?);
            drop(state);
            // It is hung up when it has been taken, with an error or without.
            last.read_to_end(&mut Vec::new()).ok();
        } else {
            drop(state);
        }
        if self.acceptor.is_none() {
            self.accept(TcpListener::bind(self.near)?);
        }
        Ok(())
    }

    /// Loses everything from now on; connections stay open and new ones are taken.
    pub fn silence(&mut self) {
        lock(&self.state).flow = Flow::Lost;
    }

    /// Leads somewhere else from now on; connections to the other end are ended.
    pub fn lead_to(&mut self, far: SocketAddr) {
        let mut state = lock(&self.state);
        state.far = far;
        state.hang_up();
    }

    fn accept(&mut self, listener: TcpListener) {
        lock(&self.state).flow = Flow::Carried;
        let state = Arc::clone(&self.state);
        self.acceptor = Some(thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let (flow, far) = {
                    let state = lock(&state);
                    (state.flow, state.far)
                };
                match flow {
                    Flow::Cut => return,
                    Flow::Lost => lose(&state, near),
                    Flow::Carried => {
                        if let Ok(far) = TcpStream::connect(far) {
                            carry(&state, &near, &far);
                        }
                    }
                }
            }
        }));
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.cut();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a connection that carries nothing; the last one ends the silence.
fn lose(state: &Arc<Mutex<State>>, near: TcpStream) {
    let mut state = lock(state);
    let from = near.peer_addr().ok();
    state.open.push(near);
    if from.is_some() && state.last_lost == from {
        state.hang_up();
        state.last_lost = None;
        state.flow = Flow::Carried;
    }
}

/// Carries bytes both ways until either end closes or the cable is cut.
fn carry(state: &Arc<Mutex<State>>, near: &TcpStream, far: &TcpStream) {
    let copies = || Some([near.try_clone().ok()?, far.try_clone().ok()?]);
    let (Some([from_near, to_far]), Some([to_near, from_far]), Some(kept)) =
        (copies(), copies(), copies())
    else {
        return;
    };
    lock(state).open.extend(kept);
    for (from, to) in [(from_near, to_far), (from_far, to_near)] {
        let state = Arc::clone(state);
        thread::spawn(move || pump(from, to, || lock(&state).flow == Flow::Carried));
    }
}

/// Carries bytes one way until either end closes; loses those that are not `carried`.
fn pump(mut from: TcpStream, mut to: TcpStream, carried: impl Fn() -> bool) {
    let mut buffer = vec![0_u8; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..length) else {
            break;
        };
        if carried() && to.write_all(bytes).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Both).ok();
    from.shutdown(Shutdown::Both).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo_server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let copy = stream.try_clone().unwrap();
                    pump(stream, copy, || true);
                });
            }
        });
        address
    }

    fn says_back(address: SocketAddr) -> io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"hello")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)
    }

    #[test]
    fn cut_cable_refuses_and_joined_cable_carries_again() {
        let mut cable = Cable::lay(echo_server()).unwrap();
        says_back(cable.near()).unwrap();
        cable.cut();
        assert!(says_back(cable.near()).is_err());
        cable.join().unwrap();
        says_back(cable.near()).unwrap();
    }

    #[test]
    fn cutting_ends_a_connection_that_is_open() {
        let mut cable = Cable::lay(echo_server()).unwrap();
        let mut stream = TcpStream::connect(cable.near()).unwrap();
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        cable.cut();
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    }

    #[test]
    fn silent_cable_takes_everything_and_answers_nothing() {
        let mut cable = Cable::lay(echo_server()).unwrap();
        let mut stream = TcpStream::connect(cable.near()).unwrap();
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        cable.silence();
        stream.write_all(b"y").unwrap();
        let mut late = TcpStream::connect(cable.near()).unwrap();
        late.write_all(b"z").unwrap();
        cable.join().unwrap();
        // Both were lost: joining ends them without an answer.
        for stream in [&mut stream, &mut late] {
            assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
        }
        says_back(cable.near()).unwrap();
    }

    #[test]
    fn cable_leads_to_another_end() {
        let nobody = TcpListener::bind((own_address(), 0)).unwrap();
        let far = nobody.local_addr().unwrap();
        drop(nobody);
        let mut cable = Cable::lay(far).unwrap();
        assert!(says_back(cable.near()).is_err());
        cable.lead_to(echo_server());
        says_back(cable.near()).unwrap();
    }
}
