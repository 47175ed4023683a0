"""Whatever a JSON text may hold."""

from hypothesis import strategies as st

from custom_components.antminer_monitor.json_value import Json


def _nested(children: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    lists: st.SearchStrategy[Json] = st.lists(children, max_size=3)
    objects: st.SearchStrategy[Json] = st.dictionaries(
        st.text(max_size=5), children, max_size=3
    )
    return lists | objects


leaves: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.floats(allow_nan=False),
    st.text(max_size=8),
)
json_values: st.SearchStrategy[Json] = st.recursive(leaves, _nested, max_leaves=8)
