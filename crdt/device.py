"""Devices as their people describe them (PROTOCOL.md section 6). Whether a device is a member is not here but in the roster. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from crdt import schema
from crdt.facts import Policy
from crdt.fields import Conflict, fields_of, read_register
from crdt.record import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """What a device's record says; a device that nobody set a policy for keeps everything."""

    name: str
    model: str
    policy: Policy
    conflicts: tuple[Conflict, ...]


def view_device(content: Content) -> DeviceView:
    """The read model of a device's record."""
    fields = fields_of(content)
    name = read_register(fields, schema.DEVICE_NAME)
    model = read_register(fields, schema.DEVICE_MODEL)
    policy = read_register(fields, schema.DEVICE_POLICY)
    return DeviceView(
        name="" if name is None else name.value,
        model="" if model is None else model.value,
        policy=Policy(keep="everything") if policy is None else policy.value,
        conflicts=schema.open_conflicts(fields, schema.DEVICE_FIELDS),
    )
