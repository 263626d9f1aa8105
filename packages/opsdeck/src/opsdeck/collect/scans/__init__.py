"""Scan files → findings, one for each vulnerability of a package's version, whichever tools said so; and their waivers.

read     bytes → Report: the format is recognised, every text bounded, the first mistake named with its place
formats  osv, osv_scanner, pip_audit, trivy, grype, cyclonedx, sarif, openvex: one file each, all bytes → Report
unite    reports + known findings → findings (pure); waive: findings + waivers → where they stand (pure)
keep     the one part that writes: an import, a waiver, an expiry, each with its rows of the log
gauge    what the indicators read
"""
