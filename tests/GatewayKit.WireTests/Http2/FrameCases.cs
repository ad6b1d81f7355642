using GatewayKit.WireTests.Http2.Cases;

namespace GatewayKit.WireTests.Http2;

/// <summary>All of them, by id.</summary>
internal static class FrameCases
{
    public static IReadOnlyDictionary<string, FrameCase> All { get; } =
        ((IEnumerable<FrameCase>[])[PseudoFieldCases.All, FieldCases.All, BodyCases.All, StreamCases.All, BlockCases.All])
            .SelectMany(static cases => cases).ToDictionary(static test => test.Id);
}
