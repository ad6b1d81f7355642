using System.Reflection;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Architecture;

/// <summary>Dependencies between the folders of the core point one way.</summary>
public sealed class FolderDependencyTests
{
    private const string Root = "(root)";

    // What each folder may use besides itself. Diagnostics is open to all. The root and Configuration see everything.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Admin"] = ["Pipeline", "Identity", "Configuration"],
        ["Auditing"] = ["Pipeline", "Secrets"],
        ["Diagnostics"] = [],
        ["Pipeline"] = [],
        ["Lifecycle"] = ["Pipeline"],
        ["Resilience"] = ["Pipeline", "Lifecycle"],
        ["Clusters"] = ["Pipeline", "Lifecycle", "Resilience"],
        ["Forwarding"] = ["Pipeline", "Clusters", "Lifecycle", "Resilience"],
        ["Routing"] = ["Pipeline", "Clusters", "Forwarding", "Identity", "Rollout"],
        ["Hosting"] = [],
        ["Rollout"] = ["Pipeline", "Clusters", "Forwarding", "Lifecycle", "Resilience"],
        ["Throttling"] = ["Pipeline"],
        ["Identity"] = ["Pipeline", "Secrets"],
        ["Secrets"] = ["Pipeline"],
        ["SelfService"] = ["Pipeline", "Identity", "Throttling"],
        ["Transforms"] = ["Pipeline"],
        ["WebSockets"] = ["Pipeline"],
    };

    // The few types of the root that everyone may know.
    private static readonly string[] Shared = ["GatewayBuilder", "DetachedTimer", "Disk", "GatewayOptions", "Jitter", "NearestName", "ObservedTask", "SipHash", "ValueList`1", "ValueMap`1"];

    private static readonly Type[] Types = typeof(IGatewayPolicy).Assembly.GetTypes();
    private static readonly ILookup<string, string> FoldersByFile = Sources.In("src/GatewayKit").ToLookup(Path.GetFileNameWithoutExtension, FolderOf)!;

    public static TheoryData<string> Folders() => [.. FoldersByFile.SelectMany(static folders => folders).Distinct().Where(static folder => folder is not (Root or "Configuration")).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_depends_only_on_those_it_may(string folder)
    {
        Assert.True(Allowed.TryGetValue(folder, out var allowed), $"Say in {nameof(Allowed)} what folder {folder} may use.");
        var violations =
            from type in Types
            where FolderOf(type) == folder
            from used in CodeReferences.TypesIn(type)
            let usedFolder = FolderOf(used)
            where usedFolder is not null && usedFolder != folder && usedFolder != "Diagnostics" && !allowed.Contains(usedFolder)
                && !(usedFolder == Root && Shared.Contains(used.Name))
            select $"{type.FullName} uses {used.FullName}";

        Assert.Empty(violations.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void References_in_code_are_seen()
    {
        // A dependency that no declaration shows: only the body of a method names the type.
        Assert.Contains(typeof(GatewayKit.Routing.CurrentSnapshot), CodeReferences.TypesIn(typeof(Microsoft.AspNetCore.Builder.GatewayEndpointRouteBuilderExtensions)));
        Assert.Equal("Pipeline", FolderOf(typeof(Microsoft.AspNetCore.Builder.GatewayPolicyEndpointConventionBuilderExtensions)));
        Assert.Equal(Root, FolderOf(typeof(Microsoft.AspNetCore.Builder.GatewayEndpointRouteBuilderExtensions)));
    }

    [Fact]
    public void Nothing_references_another_gateway() =>
        Assert.DoesNotContain(typeof(IGatewayPolicy).Assembly.GetReferencedAssemblies(), static name => name.Name!.StartsWith("Yarp", StringComparison.OrdinalIgnoreCase));

    // E5: HttpClient adds a time-out, default headers and buffering.
    [Theory]
    [InlineData("Forwarding")]
    [InlineData("Clusters")]
    public void Requests_are_sent_by_invokers_only(string folder) =>
        Assert.DoesNotContain(typeof(HttpClient), Types.Where(type => FolderOf(type) == folder).SelectMany(CodeReferences.TypesIn));

    // A15: AddEndpointFilter<T>() creates the filter from DI for each request.
    [Fact]
    public void No_filter_is_created_per_request()
    {
        var calls = Types.SelectMany(CodeReferences.MembersIn).OfType<MethodInfo>().Where(static method => method.Name == "AddEndpointFilter");

        Assert.DoesNotContain(calls, static call => call.IsGenericMethod && call.GetGenericArguments().Any(static argument => typeof(IEndpointFilter).IsAssignableFrom(argument)));
    }

    private static string FolderOf(string file)
    {
        var parts = Path.GetRelativePath(Path.Combine(Sources.Root, "src", "GatewayKit"), file).Split(Path.DirectorySeparatorChar);
        return parts.Length == 1 ? Root : parts[0];
    }

    // By namespace; types in the framework's namespaces, such as extensions, by their file.
    private static string? FolderOf(Type type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        if (type.Assembly != typeof(IGatewayPolicy).Assembly)
        {
            return null;
        }

        return type.Namespace?.Split('.') switch
        {
            ["GatewayKit"] => Root,
            ["GatewayKit", var folder, ..] => folder,
            _ => FoldersByFile[type.Name].FirstOrDefault(),
        };
    }
}
