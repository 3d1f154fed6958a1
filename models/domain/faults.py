"""What is wrong with a field, in Chinese, from what pydantic found; never with what the person typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MISSING: Final = "请填写"
OTHERWISE: Final = "填写有误"

FAULTS: Final = {
    "missing": MISSING,
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "不能超过 {max_length} 个字",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "greater_than_equal": "不能小于 {ge}",
    "greater_than": "须大于 {gt}",
    "less_than_equal": "不能大于 {le}",
    "less_than": "须小于 {lt}",
    "enum": "不在可选范围内",
    "literal_error": "不在可选范围内",
    "union_tag_invalid": "不在可选范围内",
    "union_tag_not_found": MISSING,
    "extra_forbidden": "没有这一项",
    "string_type": "须为文字",
    "string_pattern_mismatch": "格式不正确",
    "bool_type": "须为是或否",
    "bool_parsing": "须为是或否",
    "int_type": "须为整数",
    "int_parsing": "须为整数",
    "int_from_float": "须为整数",
    "float_parsing": "须为数字",
    "list_type": "须为列表",
    "tuple_type": "须为列表",
    "datetime_type": "时间格式不正确",
    "datetime_parsing": "时间格式不正确",
    "datetime_from_date_parsing": "时间格式不正确",
    "timezone_aware": "时间须带时区",
    "date_parsing": "日期格式不正确",
    "date_from_datetime_parsing": "日期格式不正确",
    "time_parsing": "时刻格式不正确",
    "json_invalid": "请求内容不是有效的 JSON",
}
"""Type of pydantic's error → what the person reads."""


def in_words(item: Mapping[str, Any]) -> str:
    """For one entry of pydantic's `errors()`. Our own validators speak Chinese already."""
    context = item.get("ctx", {})
    if item["type"] == "value_error" and "error" in context:
        return str(context["error"])
    if item["type"] == "string_too_short" and context.get("min_length") == 1:
        return MISSING
    return FAULTS.get(item["type"], OTHERWISE).format_map(context)
