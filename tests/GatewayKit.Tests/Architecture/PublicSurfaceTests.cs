using System.Reflection;
using System.Runtime.CompilerServices;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Architecture;

/// <summary>The form of public types and of source files.</summary>
public sealed class PublicSurfaceTests
{
    private const int LongestFile = 400;
    private const int LongFile = 150;

    // A host with two of them registers a type of its own for each.
    private static readonly Type[] OpenToDerivation = [typeof(DynamicRouteSource)];

    private static readonly Type[] PublicTypes = typeof(IGatewayPolicy).Assembly.GetExportedTypes();

    [Fact]
    public void Public_types_are_sealed_or_meant_to_be_derived_from() =>
        Assert.DoesNotContain(PublicTypes, static type => type is { IsSealed: false, IsAbstract: false } && !OpenToDerivation.Contains(type));

    [Fact]
    public void Properties_of_public_records_are_set_once()
    {
        var mutable =
            from type in PublicTypes
            where type.GetMethod("<Clone>$") is not null
            from property in type.GetProperties()
            where property.SetMethod is { IsPublic: true } setter
                && !setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit))
            select $"{type.Name}.{property.Name}";

        Assert.Empty(mutable);
    }

    [Fact]
    public void Policies_are_records() =>
        Assert.DoesNotContain(PublicTypes, static type => type.IsClass && type.IsAssignableTo(typeof(IGatewayPolicy)) && type.GetMethod("<Clone>$") is null);

    [Fact]
    public void No_file_is_longer_than_four_hundred_lines()
    {
        var lengths = Sources.In("src").Concat(Sources.In("tests")).Concat(Sources.In("samples"))
            .Select(static file => (File: Path.GetRelativePath(Sources.Root, file), Lines: File.ReadLines(file).Count()));

        Assert.DoesNotContain(lengths, static file => file.Lines > LongestFile);
    }

    [Fact]
    public void Nine_files_of_ten_are_short()
    {
        var lengths = Sources.In("src").Select(static file => File.ReadLines(file).Count()).Order().ToArray();

        Assert.InRange(lengths[lengths.Length * 9 / 10], 0, LongFile);
    }

    [Fact]
    public void Names_say_what_a_thing_is()
    {
        string[] vague = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utilities", "Base", "Impl"];

        // The word of RFC 9421 §2.5.
        var names = Sources.In("src").Select(static file => Path.GetFileNameWithoutExtension(file)).Where(static name => name is not "SignatureBase");

        Assert.DoesNotContain(names, name => vague.Any(word => name.EndsWith(word, StringComparison.Ordinal)));
    }

    [Fact]
    public void Names_have_one_word_for_each_side()
    {
        string[] foreign = ["Downstream", "Backend"];
        var members = PublicTypes.SelectMany(static type => type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)).Select(static member => member.Name);

        Assert.DoesNotContain(members.Concat(PublicTypes.Select(static type => type.Name)), name => foreign.Any(name.Contains));
    }
}
