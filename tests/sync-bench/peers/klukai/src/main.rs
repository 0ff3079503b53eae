//! Runs an agent of klukai until it is killed: `klukai-peer CONFIGURATION`

use klukai_agent::agent::start_with_config;
use klukai_types::config::Config;
use klukai_types::tripwire::Tripwire;

#[tokio::main]
async fn main() {
    let file = std::env::args().nth(1).expect("which configuration?");
    let configuration = Config::load(&file).expect("the configuration is read");
    let (stop, stopped) = Tripwire::new_signals();
    let agent = start_with_config(configuration, stop).await;
    let _agent = agent.expect("the agent starts");
    stopped.await;
}
