using System.Reflection;
using BenchmarkDotNet.Running;
using GatewayKit.Benchmarks.Allocation;
using GatewayKit.Benchmarks.Auditing;
using GatewayKit.Benchmarks.Compare;
using GatewayKit.Benchmarks.Faults;
using GatewayKit.Benchmarks.Identity;
using GatewayKit.Benchmarks.Overload;
using GatewayKit.Benchmarks.Redis;
using GatewayKit.Benchmarks.Rollout;
using GatewayKit.Benchmarks.Routing;
using GatewayKit.Benchmarks.Startup;
using GatewayKit.Benchmarks.Streaming;
using GatewayKit.Benchmarks.Throttling;

// micro …     BenchmarkDotNet with its own arguments, such as --filter '*Pipeline*'
// pipeline …  the same for one folder: pipeline, throttling, transforms, or any other folder of this project
// compare …   whole processes side by side; see the script of that name
// verify …    lines of an audit journal that are verified in a second; the number of lines
// journal …   lines that the writer of an audit journal takes in a second, waits and syncs; the number of lines, and the directory
// otlp …      lines of an audit journal that are sent to a collector in a second; the number of lines
// alloc …     bytes allocated per request, and by which types
// startup …   from the start of the process to the first answer
// streaming … events, slow readers and clients that leave
// faults …    what destinations in trouble cost the others
// overload …  peaks, a service that loses half of its capacity, one consumer at a hundred times its rate
// rollout …   what splits and mirrors cost; rollout sick: requests beside mirrors that are no good
// redis …     what a decision in Redis takes, and how many there are in a second
// rates       memory of rate limiting under a flood of keys, and that nobody gets too much
// key-timing  whether the time of a refusal tells what is wrong with an API key
// key-flood   memory under a flood of API keys that nobody has; their number, a million if none is given
// routing …   route matching and reload at scale
var (command, rest) = args is [var first, .. var others] ? (first, others) : ("help", []);
switch (command)
{
    case "micro":
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(rest);
        return 0;
    case "compare":
        return await CompareRun.RunAsync(rest);
    case "verify":
        return await VerifyRun.RunAsync(rest);
    case "journal":
        return await JournalRun.RunAsync(rest);
    case "otlp":
        return await OtlpRun.RunAsync(rest);
    case "alloc":
        return await AllocationRun.RunAsync(rest);
    case "startup":
        return await StartupRun.RunAsync(rest);
    case "streaming":
        return await StreamingRun.RunAsync(rest);
    case "faults":
        return await FaultRun.RunAsync(rest);
    case "overload":
        return await OverloadRun.RunAsync(rest);
    case "redis":
        return await RedisRun.RunAsync(rest);
    case "rates":
        return await RateRun.RunAsync();
    case "routing":
        await RoutingScale.RunAsync(rest);
        return 0;
    case "key-timing":
        return await KeyTimingRun.RunAsync();
    case "key-flood":
        return await KeyFloodRun.RunAsync(rest);
    case "rollout" when rest is ["sick", .. var sick]:
        return await SickMirrorRun.RunAsync(sick);
    case "help" or "--help" or "-h":
        Console.WriteLine("usage: GatewayKit.Benchmarks micro|compare|alloc|startup|streaming|faults|overload|pipeline|throttling|transforms|rollout|redis|routing|rates|key-timing|key-flood|verify|journal|otlp [arguments]; see docs/benchmarks.md");
        return 0;
    default:
        var benchmarks = typeof(Program).Assembly.GetTypes()
            .Where(type => string.Equals(type.Namespace, $"GatewayKit.Benchmarks.{command}", StringComparison.OrdinalIgnoreCase))
            .Where(static type => type.GetMethods().Any(static method => method.IsDefined(typeof(BenchmarkDotNet.Attributes.BenchmarkAttribute))))
            .ToArray();
        if (benchmarks.Length is 0)
        {
            Console.Error.WriteLine($"'{command}' is neither a command nor a folder with benchmarks; see docs/benchmarks.md");
            return 2;
        }

        BenchmarkSwitcher.FromTypes(benchmarks).Run(rest is [] ? ["--filter", "*"] : rest);
        return 0;
}
