//! Every device again, scripted, with faults: virtual card for pcscd, receipt printer
