"""Readers on a LAN, as processes on loopback: what one is given all of them get, also the one whose
power was cut meanwhile.
"""

import os
import secrets
import socket
import time
from contextlib import ExitStack

import pytest

from holdfast_host import files
from holdfast_host.boards import enrol
from holdfast_host.boards.enrol import POLICY
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.boards.settings import Placement
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import SiteSecret
from holdfast_host.policy import changes
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys

COUNT = 3
WITHIN = 240  # seconds of a machine that others use, too
