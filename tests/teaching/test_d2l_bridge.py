"""The bridge to d2l: imports it without torchvision and leaves nothing behind."""

import subprocess
import sys

import pytest
import torch

from utils.d2l_bridge import d2l

pytest.importorskip("d2l")


@pytest.mark.reference
def test_it_imports_and_computes():
    module = d2l()
    assert d2l() is module
    attention = module.AdditiveAttention(num_hiddens=8, dropout=0.0)
    keys = torch.randn(2, 5, 4)
    out = attention(torch.randn(2, 1, 6), keys, keys, torch.tensor([2, 5]))
    assert out.shape == (2, 1, 4)
    assert torch.all(attention.attention_weights[0, 0, 2:] == 0)


@pytest.mark.reference
def test_it_leaves_nothing_behind():
    code = """
import sys, types
real = types.ModuleType("torchvision"); part = types.ModuleType("torchvision.ops")
sys.modules["torchvision"], sys.modules["torchvision.ops"] = real, part
from utils.d2l_bridge import d2l
module = d2l()
assert sys.modules["torchvision"] is real and sys.modules["torchvision.ops"] is part
assert "torchvision.transforms" not in sys.modules
try:
    module.torchvision.datasets
except AttributeError as error:
    assert "needs torchvision" in str(error)
else:
    raise AssertionError("the stand-in has names")
assert not hasattr(module.torchvision, "__version__")
module.use_svg_display()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_d2l_the_command_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "d2l.torch", raising=False)
    monkeypatch.delitem(sys.modules, "d2l", raising=False)

    class Hidden:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "d2l":
                raise ModuleNotFoundError(f"No module named {name!r}", name="d2l")

    monkeypatch.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])
    with pytest.raises(ImportError, match="pip install --no-deps d2l"):
        d2l()
    assert not any(type(module).__name__ == "_StandIn" for module in list(sys.modules.values()))
