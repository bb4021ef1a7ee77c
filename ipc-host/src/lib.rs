//! The pipe protocol and the node-side driver.
