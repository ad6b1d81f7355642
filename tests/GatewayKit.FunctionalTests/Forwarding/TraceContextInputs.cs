namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>What may listen to a gateway's traces.</summary>
public enum Tracing
{
    /// <summary>An exporter of the server's spans and of the gateway's.</summary>
    All,

    /// <summary>An exporter of the gateway's spans only.</summary>
    GatewayOnly,

    /// <summary>An exporter of the server's spans only.</summary>
    ServerOnly,

    /// <summary>Nobody; but there is a log, for which the server makes an activity.</summary>
    Log,

    /// <summary>Nobody at all.</summary>
    None,
}

/// <summary>
/// The inputs of the public validation set of the W3C (w3c/trace-context, test/test.py) at its strict level, as facts, and some more. They
/// are sent byte for byte.
/// </summary>
internal static class TraceContextInputs
{
    public const string TraceId = "12345678901234567890123456789012";
    public const string Parent = "1234567890123456";
    public const string Sampled = $"traceparent: 00-{TraceId}-{Parent}-01";
    private const string Unsampled = $"traceparent: 00-{TraceId}-{Parent}-00";
    private const string AllValue = " !\"#$%&'()*+-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    private const string AllKey = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";

    private static readonly string Bars = string.Join("\r\n", Enumerable.Range(0, 3).Select(static line =>
        "tracestate: " + string.Join(',', Enumerable.Range((line * 10) + 1, 10).Select(static n => $"bar{n:00}={n:00}"))));

    /// <summary>Fields that hold no usable parent.</summary>
    public static readonly string[] NewTraces =
    [
        "",
        $"traceparent: 00-12345678901234567890123456789011-{Parent}-01\r\n{Sampled}",
        $"trace-parent: 00-{TraceId}-{Parent}-01",
        $"traceparent: 00-{TraceId}-{Parent}-01.",
        $"traceparent: 00-{TraceId}-{Parent}-01-what-the-future-will-be-like",
        $"traceparent: cc-{TraceId}-{Parent}-01.what-the-future-will-be-like",
        $"traceparent: ff-{TraceId}-{Parent}-01",
        $"traceparent: .0-{TraceId}-{Parent}-01",
        $"traceparent: 0.-{TraceId}-{Parent}-01",
        $"traceparent: 000-{TraceId}-{Parent}-01",
        $"traceparent: 0000-{TraceId}-{Parent}-01",
        $"traceparent: 0-{TraceId}-{Parent}-01",
        $"traceparent: 00-00000000000000000000000000000000-{Parent}-01",
        $"traceparent: 00-.2345678901234567890123456789012-{Parent}-01",
        $"traceparent: 00-1234567890123456789012345678901.-{Parent}-01",
        $"traceparent: 00-{TraceId}3-{Parent}-01",
        $"traceparent: 00-1234567890123456789012345678901-{Parent}-01",
        $"traceparent: 00-{TraceId}-0000000000000000-01",
        $"traceparent: 00-{TraceId}-.234567890123456-01",
        $"traceparent: 00-{TraceId}-123456789012345.-01",
        $"traceparent: 00-{TraceId}-{Parent}7-01",
        $"traceparent: 00-{TraceId}-123456789012345-01",
        $"traceparent: 00-{TraceId}-{Parent}-.0",
        $"traceparent: 00-{TraceId}-{Parent}-0.",
        $"traceparent: 00-{TraceId}-{Parent}-001",
        $"traceparent: 00-{TraceId}-{Parent}-1",
        "tracestate: foo=1",
        "tracestate: foo=1,bar=2",

        // Not in the set: upper case, an empty value, a bad parent with a list.
        $"traceparent: 00-ABCDEF78901234567890123456789012-{Parent}-01",
        "traceparent: ",
        $"traceparent: 00-{TraceId}-{Parent}-zz\r\ntracestate: foo=1",
    ];

    /// <summary>Fields with a usable parent, and what of the list goes on.</summary>
    public static readonly (string Fields, string? State)[] Continued =
    [
        (Sampled, null),
        ($"TraceParent: 00-{TraceId}-{Parent}-01", null),
        ($"TrAcEpArEnT: 00-{TraceId}-{Parent}-01", null),
        ($"TRACEPARENT: 00-{TraceId}-{Parent}-01", null),
        ($"traceparent: cc-{TraceId}-{Parent}-01", null),
        ($"traceparent: cc-{TraceId}-{Parent}-01-what-the-future-will-be-like", null),
        ($"traceparent:  00-{TraceId}-{Parent}-01", null),
        ($"traceparent: \t00-{TraceId}-{Parent}-01", null),
        ($"traceparent: 00-{TraceId}-{Parent}-01 ", null),
        ($"traceparent: 00-{TraceId}-{Parent}-01\t", null),
        ($"traceparent: \t 00-{TraceId}-{Parent}-01 \t", null),
        ($"{Unsampled}\r\ntracestate: foo=1,bar=2", "foo=1,bar=2"),
        ($"{Unsampled}\r\ntrace-state: foo=1", null),
        ($"{Unsampled}\r\nTraceState: foo=1", "foo=1"),
        ($"{Unsampled}\r\nTrAcEsTaTe: foo=1", "foo=1"),
        ($"{Unsampled}\r\nTRACESTATE: foo=1", "foo=1"),
        ($"{Unsampled}\r\ntracestate: ", null),
        ($"{Unsampled}\r\ntracestate: foo=1\r\ntracestate: ", "foo=1"),
        ($"{Unsampled}\r\ntracestate: \r\ntracestate: foo=1", "foo=1"),
        ($"{Unsampled}\r\ntracestate: foo=1,bar=2\r\ntracestate: rojo=1,congo=2\r\ntracestate: baz=3", "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        ($"{Unsampled}\r\ntracestate: foo=1,foo=1", null),
        ($"{Unsampled}\r\ntracestate: foo=1,foo=2", null),
        ($"{Unsampled}\r\ntracestate: foo=1\r\ntracestate: foo=1", null),
        ($"{Unsampled}\r\ntracestate: foo=1\r\ntracestate: foo=2", null),
        ($"{Unsampled}\r\ntracestate: {AllKey}={AllValue}", $"{AllKey}={AllValue}"),
        ($"{Unsampled}\r\ntracestate: {AllKey}@a-z0-9_-*/={AllValue}", $"{AllKey}@a-z0-9_-*/={AllValue}"),
        ($"{Unsampled}\r\ntracestate: foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3"),
        ($"{Unsampled}\r\ntracestate: foo=1\t \t,\t \tbar=2,\t \tbaz=3", "foo=1,bar=2,baz=3"),
        ($"{Unsampled}\r\ntracestate:  foo=1", "foo=1"),
        ($"{Unsampled}\r\ntracestate: \tfoo=1", "foo=1"),
        ($"{Unsampled}\r\ntracestate: foo=1 ", "foo=1"),
        ($"{Unsampled}\r\ntracestate: foo=1\t", "foo=1"),
        ($"{Unsampled}\r\ntracestate: \t foo=1 \t", "foo=1"),
        ($"{Unsampled}\r\ntracestate: foo =1", null),
        ($"{Unsampled}\r\ntracestate: FOO=1", null),
        ($"{Unsampled}\r\ntracestate: foo.bar=1", null),
        ($"{Unsampled}\r\ntracestate: foo@=1,bar=2", null),
        ($"{Unsampled}\r\ntracestate: @foo=1,bar=2", null),
        ($"{Unsampled}\r\ntracestate: foo@@bar=1,bar=2", null),
        ($"{Unsampled}\r\ntracestate: foo@bar@baz=1,bar=2", null),
        ($"{Unsampled}\r\n{Bars}\r\ntracestate: bar31=31,bar32=32", string.Join(',', Enumerable.Range(1, 32).Select(static n => $"bar{n:00}={n:00}"))),
        ($"{Unsampled}\r\n{Bars}\r\ntracestate: bar31=31,bar32=32,bar33=33", null),
        ($"{Unsampled}\r\ntracestate: foo=1\r\ntracestate: {new string('z', 256)}=1", $"foo=1,{new string('z', 256)}=1"),
        ($"{Unsampled}\r\ntracestate: foo=1\r\ntracestate: {new string('z', 257)}=1", null),
        ($"{Unsampled}\r\ntracestate: foo=1\r\ntracestate: {new string('t', 241)}@{new string('v', 14)}=1", $"foo=1,{new string('t', 241)}@{new string('v', 14)}=1"),
        ($"{Unsampled}\r\ntracestate: foo=1\r\ntracestate: {new string('t', 242)}@v=1", null),
        ($"{Unsampled}\r\ntracestate: foo=1\r\ntracestate: t@{new string('v', 15)}=1", null),
        ($"{Unsampled}\r\ntracestate: foo=bar=baz", null),
        ($"{Unsampled}\r\ntracestate: foo=,bar=3", null),

        // Not in the set: the flag of level 2, flags of the future, old companions.
        ($"traceparent: 00-{TraceId}-{Parent}-03", null),
        ($"traceparent: 00-{TraceId}-{Parent}-ff", null),
        ($"{Sampled}\r\nRequest-Id: |abc.1.", null),
    ];
}
