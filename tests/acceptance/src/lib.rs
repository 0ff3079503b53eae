//! The scenario driver behind todoke visit play, and the scenarios
